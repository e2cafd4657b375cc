"""A list shows what its filter says, each ticket once, in the order of urgency, and reads no more than it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, text

from bot.desk.texts import texts
from bot.errors import NotFound, Refused
from bot.store import cursor, views
from bot.store.database import Database, Session
from bot.store.filters import parse
from bot.store.handling import reply
from bot.store.lists import MOST_COUNTED, Page, counts, list_page
from bot.store.tables import Ticket, TicketState
from bot.store.ticketing import find
from bot.store.views import BUILT_IN
from channels.words import Author, Place
from tests.samples import NOW, escalated, inbound, later, notice, take

#: Whose tickets each filter shows of those that `test_filters` makes.
FILTERED = {
    "": ["Ann", "Bob", "Cid", "Fay"],
    "state:any sort:urgency": ["Ann", "Bob", "Cid", "Dan", "Eve", "Fay"],
    "state:waiting assignee:none": ["Ann"],
    "assignee:me": ["Bob"],
    "assignee:Bert": ["Cid"],
    "state:pending": ["Cid"],
    "state:pending,on_hold": ["Cid", "Fay"],
    "state:over": ["Eve", "Dan"],
    "state:solved": ["Dan"],
    "assignee:me state:open": ["Bob"],
    "late:yes": ["Bob"],
    "late:soon": ["Bob", "Cid"],
    "team:night": ["Ann"],
    "team:none category:withdrawal": ["Bob", "Cid", "Fay"],
    "tier:none state:waiting": ["Ann", "Bob"],
    "channel:other": ["Fay"],
    "tag:bug": ["Ann", "Bob"],
    "tag:bug tag:refund": ["Bob"],
    "priority:normal language:en": ["Ann", "Bob", "Cid", "Fay"],
    "language:zh": [],
    "created:2026-03-02": ["Ann", "Bob", "Cid", "Fay"],
    "created:2026-03-03.. state:any": [],
    "updated:..2026-03-01": [],
}


def ticket(database: Database, handle: str, channel: str = "memory", **changes: Any) -> str:
    """A ticket of somebody's with these columns; its number."""
    said = inbound(f"help from {handle}", f"e-{handle}", Place(account="bot-1", handle=handle), name=handle.title())
    number = escalated(database, said, channel).number

    def change(session: Session) -> None:
        for name, value in changes.items():
            setattr(find(session, number), name, value)

    database.transact(change)
    return number


def page(database: Database, query: str, after: str | None = None, limit: int = 50) -> Page:
    """What Anna sees."""
    return database.transact(list_page, parse(query, "Anna"), after, limit, NOW)


def names(database: Database, query: str) -> list[str]:
    """Whose tickets Anna sees."""
    return [item.contact for item in page(database, query).items]


def test_most_urgent_first(database: Database) -> None:
    """VIPs before all others, then by priority, then who waits longest, and of those the older ticket."""
    ticket(database, "ann", priority="normal", waiting_since=later(5))
    ticket(database, "bob", priority="normal", waiting_since=later(1))
    ticket(database, "cid", priority="normal", waiting_since=later(1))
    ticket(database, "dan", priority="urgent", waiting_since=later(9))
    ticket(database, "eve", priority="low", tier="gold")
    ticket(database, "fay", priority="high")
    assert names(database, "") == ["Eve", "Dan", "Fay", "Bob", "Cid", "Ann"]


def test_a_change_of_priority_moves_a_ticket(database: Database) -> None:
    """Whoever changes it: the order is made by the database."""
    ticket(database, "ann")
    ticket(database, "bob")
    database.transact(lambda session: session.execute(text("UPDATE ticket SET priority = 'urgent' WHERE id = 2")))
    assert names(database, "") == ["Bob", "Ann"]


def test_filters(database: Database) -> None:
    """Every condition holds of each ticket shown; where nothing is said of states, those that are not over."""
    ticket(database, "ann", team="night", tags=["bug"])
    ticket(database, "bob", state=TicketState.OPEN, assignee="Anna", due_at=later(-60), tags=["refund", "bug"])
    ticket(database, "cid", state=TicketState.PENDING, assignee="Bert", due_at=later(60))
    ticket(database, "dan", state=TicketState.SOLVED, assignee="Anna", due_at=later(-60), updated_at=later(1))
    ticket(database, "eve", state=TicketState.CLOSED, updated_at=later(2))
    ticket(database, "fay", "other", state=TicketState.ON_HOLD, due_at=NOW + timedelta(days=1))
    assert {query: names(database, query) for query in FILTERED} == FILTERED


def test_who_is_mentioned_finds_the_ticket(sqlite: Database) -> None:
    """Also in a note that was read long ago; another agent does not."""
    ticket(sqlite, "ann")
    ticket(sqlite, "bob")

    def mention(session: Session) -> None:
        columns = "id INTEGER, agent TEXT, ticket_id INTEGER, event_id INTEGER, created_at TIMESTAMP, seen_at TIMESTAMP"
        session.execute(text(f"CREATE TABLE IF NOT EXISTS mention ({columns})"))
        values = {"agent": "Anna", "ticket": 2, "at": NOW.isoformat(" ")}
        session.execute(text("INSERT INTO mention VALUES (1, :agent, :ticket, 1, :at, :at)"), values)

    sqlite.transact(mention)
    assert names(sqlite, "mentions:me") == ["Bob"]
    assert names(sqlite, "mentions:Bert") == []


def test_pages_hold_each_ticket_once(database: Database) -> None:
    """In the order of one long page, also where many stand at the same time."""
    for place in range(7):
        ticket(database, f"u{place}", priority=("high", "low")[place % 2], due_at=later(place // 3))
    for query in ("", "late:soon", "sort:newest", "state:any"):
        whole = page(database, query)
        parts = list(pages(database, query))
        assert [len(part.items) for part in parts] == [2, 2, 2, 1]
        assert [item for part in parts for item in part.items] == whole.items
        assert (len(whole.items), whole.next) == (7, None)


def pages(database: Database, query: str) -> Iterator[Page]:
    """One after the other, two tickets on each."""
    part = page(database, query, limit=2)
    yield part
    while part.next:
        part = page(database, query, part.next, 2)
        yield part


def test_an_item_shows_the_last_message(database: Database) -> None:
    """Its beginning and who wrote it; what a human overtook and nobody has seen is left out."""
    number = ticket(database, "ann")
    take(database, number)
    database.transact(reply, number, "Anna", "we are on it " + "x" * 300, notice, NOW)
    (item,) = page(database, "").items
    assert (item.number, item.channel, item.contact, item.author) == (number, "memory", "Ann", Author.AGENT)
    assert item.said == ("we are on it " + "x" * 300)[:120]


def test_counts_stop(database: Database) -> None:
    """At a number that says "many"."""
    ticket(database, "ann")
    database.transact(multiply)
    found = database.transact(counts, {name: parse(query, "Anna") for name, query in BUILT_IN.items()}, NOW)
    assert found == {
        "mine": 0,
        "mentions": 0,
        "waiting": MOST_COUNTED,
        "late": 0,
        "pending": 0,
        "all": MOST_COUNTED,
        "solved": 0,
    }


def multiply(session: Session) -> None:
    """The first ticket a thousand times more."""
    (row,) = session.execute(Ticket.__table__.select()).mappings()  # type: ignore[attr-defined]  # SQLModel does not say so
    plain = {name: value for name, value in row.items() if name in Ticket.model_fields and name != "id"}
    session.execute(Ticket.__table__.insert(), [plain | {"number": f"n{place}"} for place in range(MOST_COUNTED)])  # type: ignore[attr-defined]  # nor here


def test_an_index_has_the_order_of_each_list(sqlite: Database) -> None:
    """Nothing is read that is not shown, and nothing sorted, on the first page and on those behind."""
    ticket(sqlite, "ann", due_at=NOW)
    ticket(sqlite, "bob", due_at=NOW)
    # Notes name an agent in few tickets, which are found first and then put in order.
    orders = [query for name, query in BUILT_IN.items() if name != "mentions"]
    for query in [*orders, "assignee:none", "state:open", "sort:newest state:any", "sort:due"]:
        plans = [plan for statement, values in asked(sqlite, query) for plan in explained(sqlite, statement, values)]
        assert plans, query
        wanted = r"^(SEARCH|SCAN) ticket USING (COVERING )?INDEX ticket_"
        assert [plan for plan in plans if not re.search(wanted, plan)] == [], query


def asked(database: Database, query: str) -> list[tuple[str, Any]]:
    """The statements that put tickets in order, for the first page and, where there is one, the second."""
    found: list[tuple[str, Any]] = []

    def remember(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if re.search(r"ORDER BY ticket\.(urgency|due_at|updated_at)", statement):
            found.append((statement, values))

    event.listen(database._engine, "before_cursor_execute", remember)
    first = page(database, query, limit=1)
    if first.next:
        page(database, query, first.next, limit=1)
    event.remove(database._engine, "before_cursor_execute", remember)
    return found


def explained(database: Database, statement: str, values: Any) -> list[str]:
    """How SQLite answers it."""
    with database._engine.connect() as connection:
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]


@pytest.mark.parametrize("after", ["", "x", "WzFd", "e30", "WyJhIiwiYiIsImMiXQ", "é", "W1tbW1tb"])
def test_a_cursor_that_is_none_is_refused(sqlite: Database, after: str) -> None:
    """Whatever stands in the address of a page; nothing at all is the first page."""
    if after:
        with pytest.raises(Refused, match="not where a page ended"):
            page(sqlite, "", after)
    else:
        assert page(sqlite, "", after).items == []


@given(st.text(max_size=60))
def test_any_text_is_a_cursor_or_refused(after: str) -> None:
    """Nothing else happens."""
    with pytest.raises(Refused):
        cursor.decode(after, int, list)


def test_a_cursor_is_what_was_put_in() -> None:
    """Times keep their zone."""
    assert cursor.decode(cursor.encode(3, NOW, ["t1"]), int, type(NOW), list) == [3, NOW, ["t1"]]


def test_every_list_has_a_title_in_every_language() -> None:
    """As the desk shows it."""
    assert [name for language in texts() for name in BUILT_IN if f"lists.{name}" not in texts()[language]] == []


def test_views_are_shared_or_ones_own(database: Database) -> None:
    """An agent sees everybody's and their own, in the order that was given."""
    database.transact(views.keep, "", "Urgent  ones", "priority:urgent")
    database.transact(views.keep, "Anna", "Second", "assignee:me")
    mine = database.transact(views.keep, "Anna", "First", "tag:bug")
    database.transact(views.keep, "Bert", "Bert's", "")
    database.transact(views.change, "Anna", mine.id, "First", "tag:bug", 0)
    assert [view.title for view in database.transact(views.views, "Anna")] == ["Urgent ones", "First", "Second"]
    database.transact(views.drop, "Anna", mine.id)
    assert [view.title for view in database.transact(views.views, "Anna")] == ["Urgent ones", "Second"]


def test_a_view_of_another_is_not_there(database: Database) -> None:
    """Nor is a shared one for who may not change those."""
    view = database.transact(views.keep, "", "Urgent", "priority:urgent")
    for number in (view.id, 0, 2**40):
        with pytest.raises(NotFound, match=f"there is no view {number}"):
            database.transact(views.drop, "Anna", number)


@pytest.mark.parametrize(
    ("title", "query", "told"),
    [
        ("", "", "a title has"),
        ("x" * 61, "", "a title has"),
        ("a\u202eb", "", "a title has"),
        ("ok", "x:y", "no filter"),
    ],
)
def test_a_view_nobody_could_read_is_refused(sqlite: Database, title: str, query: str, told: str) -> None:
    """A title has a length and can be seen; a query means something."""
    with pytest.raises(Refused, match=told):
        sqlite.transact(views.keep, "Anna", title, query)


def test_views_are_bounded(sqlite: Database) -> None:
    """Each owner's."""
    for number in range(views.MOST_VIEWS):
        sqlite.transact(views.keep, "Anna", f"view {number}", "")
    with pytest.raises(Refused, match="50 views already"):
        sqlite.transact(views.keep, "Anna", "one more", "")
