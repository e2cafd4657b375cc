"""A search finds what was said, wherever and in whatever script, on both databases alike; nobody's words break it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, delete

from bot.store import handling, indexing, searching
from bot.store.database import Database, Session
from bot.store.filters import parse
from bot.store.search_tables import SearchDue, SearchEntry, Source
from bot.store.searching import Found, FoundPage, search_page
from bot.store.tables import Message
from bot.store.terms import LONGEST_TEXT
from channels.words import Place
from tests.samples import ANN, NOW, answer, arrive, escalated, inbound, later, notice, rows, take


def said(database: Database, message: str, handle: str = "ann", now: datetime = NOW, **changes: Any) -> str:
    """A ticket that begins with `message`; its number."""
    place = Place(account="bot-1", handle=handle)
    arrive(database, inbound(message, f"first-{handle}", place, name=changes.pop("name", "")), now)
    return escalated(database, inbound("a human!", f"e-{handle}", place), **{"title": "Question", **changes}).number


def search(database: Database, query: str, after: str | None = None, limit: int = 50) -> FoundPage:
    """What Anna finds."""
    return database.transact(search_page, parse(query, "Anna"), after, limit, NOW)


def numbers(database: Database, query: str) -> list[str]:
    """The tickets Anna finds, newest hit first."""
    return [found.ticket.number for found in search(database, query).found if found.ticket]


def marked(found: Found) -> list[str]:
    """What is marked in the snippet."""
    return [found.snippet.text[start:end] for start, end in found.snippet.marks]


#: What is found by which words.
TEXTS = {
    "ann": "Hello, my withdrawal of 100.50 USDT is stuck since yesterday",
    "bob": "我的提现还没有到账，请尽快处理",
    "cid": "Die Straße heißt Königsallee, meine Adresse ist cid.meyer@mail.example",
    "dan": "transaction 0x5f2c9a7d1e, ETH提现失败",
}
FOUND = {
    "withdrawal": ["ann"],
    "WITHDRAWAL stuck": ["ann"],
    "stuck withdrawal": ["ann"],
    '"stuck withdrawal"': [],
    '"is stuck since"': ["ann"],
    "withdraw": [],
    "withdraw*": ["ann"],
    "100.50": ["ann"],
    "提现": ["dan", "bob"],
    "提": ["dan", "bob"],
    "败": ["dan"],
    "账": ["bob"],
    "没有到账": ["bob"],
    "到没": [],
    "提现失败": ["dan"],
    "eth 提现": ["dan"],
    "eth提": ["dan"],
    "strasse": ["cid"],
    "konigsallee": ["cid"],
    "cid.meyer@mail.example": ["cid"],
    "cid.me": ["cid"],
    "mail.example": ["cid"],
    "0x5f2c9a7d1e": ["dan"],
    "0x5f2c": ["dan"],
    "5f2c": [],
    "xylophone": [],
    "!?": [],
    "": [],
}


def test_what_is_found(database: Database) -> None:
    """By words in any order, phrases, Chinese of any length, codes and addresses whole and by their beginning."""
    of = {
        said(database, message, handle, later(place)): handle for place, (handle, message) in enumerate(TEXTS.items())
    }
    assert {query: [of[number] for number in numbers(database, query)] for query in FOUND} == FOUND


HOSTILE = (
    '"',
    '"" AND',
    "a* OR NEAR(b c)",
    '"terms: x"',
    "^x -y {z}",
    "' & | ! <-> ( :*",
    "\\ a\x00b",
    "\ud800",
    "%_",
    '提" *',
    "𠮷𠮷" * 99,
)


def test_no_query_is_an_error(database: Database) -> None:
    """Whatever stands in it, a database gets to see letters and digits."""
    said(database, "hello")
    assert {query: numbers(database, query) for query in HOSTILE} == {query: [] for query in HOSTILE}


def test_a_ticket_is_found_by_all_that_is_known_of_it(database: Database) -> None:
    """Its number first of all, title, facts, the notes of agents, and who the user is."""
    first = said(database, "hi", title="Card swallowed", facts={"order": "AB-77123"}, name="Zoë Müller")
    said(database, f"is this the same as {first}?", "bob", later(60))
    database.transact(handling.note, first, "Bert", "checked with 风控部门", NOW)
    assert numbers(database, first.lower())[0] == first
    for query in ("swallowed", "AB-77", "风控", "zoe muller"):
        assert numbers(database, query) == [first], query
    assert [found.kind for found in search(database, "swallowed AB-77123").found] == [Source.TICKET]


def test_a_result_shows_where_it_was_found(database: Database) -> None:
    """The newest place, with what fits marked in the words as they were written."""
    said(database, "my Withdrawal\nis stuck")
    arrive(database, inbound("WITHDRAWAL still stuck", "e2"), later(60))
    (found,) = search(database, "stuck withdrawal").found
    assert (found.kind, found.at, found.snippet.text) == (Source.MESSAGE, later(60), "WITHDRAWAL still stuck")
    assert marked(found) == ["WITHDRAWAL", "stuck"]
    assert found.source_id == rows(database, Message)[-1].id


def test_an_edit_is_followed(database: Database) -> None:
    """What a message said before is not found any more, what it says now is; and nothing where it was taken back."""
    number = said(database, "first wording")
    arrive(database, inbound("second", "e2", edit_of="first-ann"))
    assert (numbers(database, "wording"), numbers(database, "second")) == ([], [number])
    arrive(database, inbound("", "e3", edit_of="first-ann", deleted=True))
    assert numbers(database, "second") == []


def test_a_new_name_is_followed(database: Database) -> None:
    """That of an address and that of the contact."""
    number = said(database, "hi", name="Old Name")
    arrive(database, inbound("me again", "e5", name="New Name"))
    assert numbers(database, '"new name"') == [number]
    database.transact(lambda session: session.execute(text("UPDATE contact SET name = 'Quincy'")))
    assert numbers(database, "quincy") == [number]


def test_what_is_gone_is_not_found(database: Database) -> None:
    """Whoever removes a row need not think of the search."""
    said(database, "findme now")
    assert len(numbers(database, "findme")) == 1
    database.transact(lambda session: session.exec(delete(Message).where(col(Message.text) == "findme now")))
    assert numbers(database, "findme") == []
    assert [
        entry for entry in rows(database, SearchEntry) if entry.kind is Source.MESSAGE and entry.source_id == 1
    ] == []


def test_a_text_is_only_indexed_up_to_a_length(database: Database) -> None:
    """A message of megabytes is found by how it begins."""
    number = said(database, "start " + "x" * LONGEST_TEXT + " finish")
    assert numbers(database, "start") == [number]
    assert numbers(database, "finish") == []


def test_a_message_belongs_to_the_ticket_of_its_time(database: Database) -> None:
    """Of two tickets in one conversation, one after the other."""
    first = said(database, "apple")
    database.transact(handling.hand_back, first, "Anna", "solved", notice, later(10))
    arrive(database, inbound("banana", "e8"), later(20))
    second = escalated(database, inbound("a human!", "e9")).number
    assert (numbers(database, "apple"), numbers(database, "banana")) == ([first], [second])


def test_a_conversation_without_a_ticket_is_found_where_asked_for(database: Database) -> None:
    """With `in:all`; else only tickets are."""
    talk = answer(database, inbound("just asking about fees"), "here you are")
    assert search(database, "fees").found == []
    (found,) = search(database, "in:all fees").found
    assert (found.ticket, found.conversation_id, marked(found)) == (None, talk, ["fees"])


def test_a_filter_holds_of_what_is_found(database: Database) -> None:
    """Tickets in every state are searched, unless one is named."""
    mine = said(database, "same words")
    other = said(database, "same words", "bob", later(1))
    take(database, mine)
    database.transact(handling.hand_back, other, "Anna", "solved", notice, NOW)
    assert numbers(database, "same words") == [other, mine]
    assert numbers(database, "same words assignee:me") == [mine]
    assert numbers(database, "same words state:solved") == [other]
    assert numbers(database, f"{other} state:open") == []


def pages(database: Database, query: str, limit: int) -> Iterator[FoundPage]:
    """One after the other."""
    part = search(database, query, limit=limit)
    yield part
    while part.next:
        part = search(database, query, part.next, limit)
        yield part


def test_pages_hold_each_ticket_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is found in many places, and an address leads to more tickets than fit."""
    monkeypatch.setattr(searching, "READS", (3, 3, 3))
    wanted = [said(database, "common word", f"user{number}", later(number)) for number in range(6)]
    for number in range(6):
        arrive(
            database, inbound("common again", f"x{number}", Place(account="bot-1", handle="user2")), later(90 + number)
        )
    parts = [[found.ticket.number for found in part.found if found.ticket] for part in pages(database, "common", 2)]
    assert [number for part in parts for number in part] == [wanted[2], *(wanted[n] for n in (5, 4, 3, 1, 0))]
    assert max(map(len, parts)) == 2


def test_an_address_leads_to_all_its_tickets(database: Database) -> None:
    """The newest first, each once, over as many pages as it takes."""
    found = []
    for number in range(3):
        found.append(said(database, "hi", "ann", later(number)) if not number else again(database, number))
        database.transact(handling.hand_back, found[-1], "Anna", "solved", notice, later(number))
    parts = [[hit.ticket.number for hit in part.found if hit.ticket] for part in pages(database, "ann", 1)]
    assert [number for part in parts for number in part] == found[::-1]


def again(database: Database, number: int) -> str:
    """Another matter each time: of the same one a ticket would be open again."""
    return escalated(database, inbound("a human!", f"again{number}", ANN), category=f"matter{number}").number


def test_a_search_reads_no_further_than_its_bound(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a filter fits little of what is found, a page ends early and the next goes on."""
    monkeypatch.setattr(searching, "READS", (2, 2))
    wanted = said(database, "word", "wanted", language="zh")
    for number in range(8):
        said(database, "word", f"user{number}", later(number + 1))
    parts = list(pages(database, "word language:zh", 5))
    assert [[found.ticket.number for found in part.found if found.ticket] for part in parts] == [[], [], [wanted]]


def test_a_search_ends(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many tickets nobody reads on."""
    monkeypatch.setattr(searching, "MOST_FOUND", 3)
    for number in range(5):
        said(database, "word", f"user{number}", later(number))
    assert [len(part.found) for part in pages(database, "word", 2)] == [2, 1]


def test_what_was_there_is_filled_in(database: Database) -> None:
    """In pieces, newest first; what was written twice meanwhile is there once."""
    number = said(database, "old words")
    database.transact(indexing.index, 1_000)
    for source in rows(database, SearchEntry):
        database.transact(due_again, source.kind, source.source_id)
    left = database.transact(indexing.waiting)
    while done := database.transact(indexing.index, 2):
        assert done <= 2
    assert left > 2
    assert database.transact(indexing.waiting) == 0
    assert numbers(database, "old words") == [number]


def due_again(session: Session, kind: Source, source_id: int) -> None:
    session.add(SearchDue(kind=kind, source_id=source_id))


def test_entries_are_in_the_order_of_time() -> None:
    """And no two rows of a kind share one that were written at the same moment."""
    at = [indexing.entry_id(Source.MESSAGE, number, later(second)) for second in range(2) for number in (1, 900_000, 7)]
    assert max(at[:3]) < min(at[3:])
    assert len(set(at)) == 6
    assert [indexing.said_at(entry) for entry in (at[0], at[-1])] == [NOW, later(1)]
    assert indexing.entry_id(Source.NOTE, 5, datetime.max.replace(tzinfo=NOW.tzinfo)) <= indexing.LARGEST_ENTRY


def test_two_who_search_do_not_wait_for_each_other(postgres: Database) -> None:
    """One indexes what is due, the other searches what is there."""
    said(postgres, "hello")

    def meanwhile(session: Session) -> int:
        done = indexing.index(session, 100)
        assert search(postgres, "hello").found == []
        return done

    assert postgres.transact(meanwhile) > 0
    assert len(search(postgres, "hello").found) == 1
