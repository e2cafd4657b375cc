"""A ticket opens at its end, and its beginning is a question away."""

from __future__ import annotations

import pytest
from sqlalchemy.orm.exc import DetachedInstanceError
from sqlmodel import delete

from bot.errors import NotFound
from bot.store import handling
from bot.store.database import Database
from bot.store.inbox import KeptFile
from bot.store.opening import OpenTicket, open_ticket
from bot.store.tables import TicketConversation
from channels.words import Owner, Place
from tests.samples import NOW, arrive, escalated, inbound

FILE = KeptFile("proof.png", "image/png", 3, "ab" * 32)


def opened(database: Database, number: str, before: int | None = None, limit: int = 3) -> OpenTicket:
    return database.transact(open_ticket, number, before, limit=limit)


def texts(found: OpenTicket) -> list[str]:
    return [line.message.text for line in found.said]


def test_the_newest_messages_come_first(database: Database) -> None:
    """Oldest of them on top, and page by page those before, each once."""
    number = escalated(database, inbound("one")).number
    for place, word in enumerate(("three", "four", "five", "six")):
        arrive(database, inbound(word, f"e-{place}"), files=[FILE])
    last = opened(database, number.lower())
    assert (texts(last), last.owner, last.contact is not None) == (["four", "five", "six"], Owner.QUEUE, True)
    assert [file.name for line in last.said for file in line.files] == ["proof.png"] * 3
    first = opened(database, number, last.before)
    assert (texts(first), first.before) == (["one", f"Your ticket is {number}", "three"], None)


def test_conversations_of_a_ticket_are_one(database: Database) -> None:
    """In the order in which things were said, wherever that was."""
    ticket = escalated(database, inbound("one"))
    other = arrive(database, inbound("two", "e-b", Place(account="bot-1", handle="bob"))).conversation_id
    arrive(database, inbound("three", "e-c"))
    database.transact(lambda session: session.add(TicketConversation(ticket_id=ticket.id, conversation_id=other)))
    found = opened(database, ticket.number)
    assert texts(found) == [f"Your ticket is {ticket.number}", "two", "three"]
    assert texts(opened(database, ticket.number, found.before)) == ["one"]
    assert [address.handle for address in found.addresses] == ["ann", "bob"]


def test_what_stands_beside_is_shown_and_the_payload_is_not_read(database: Database) -> None:
    """Whoever reads it all the same is told so, not kept waiting."""
    number = escalated(
        database, inbound("one", beside={"subject": "Help"}, whole="one two", raw={"big": "x" * 9})
    ).number
    first, second = opened(database, number).said
    assert (first.beside, first.shortened) == ({"subject": "Help"}, True)
    assert (second.beside, second.shortened) == ({}, False)
    with pytest.raises(DetachedInstanceError):
        _ = first.message.raw


def test_the_timeline_is_read_in_pages(database: Database) -> None:
    """The newest lines, oldest on top."""
    number = escalated(database).number
    for word in ("a", "b", "c"):
        database.transact(handling.note, number, "Anna", word, NOW)
    found = opened(database, number)
    assert [event.detail["text"] for event in found.events] == ["a", "b", "c"]
    before = database.transact(open_ticket, number, None, found.events_before)
    assert [event.kind for event in before.events] == ["opened"]
    assert before.events_before is None


def test_a_ticket_without_conversations_opens(database: Database) -> None:
    """Another has taken them over."""
    number = escalated(database).number
    database.transact(lambda session: session.exec(delete(TicketConversation)))
    found = opened(database, number)
    assert (found.owner, found.contact, found.said, found.before) == (None, None, [], None)
    assert len(found.events) == 1


def test_what_is_no_ticket_is_not_found(sqlite: Database) -> None:
    """However it is written."""
    for number in ("FD-9", "", "提现", "a\x00"):
        with pytest.raises(NotFound):
            opened(sqlite, number)
