"""A timeline is a chain that nobody can rewrite, and what is read back is what was digested."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import col, select

from bot.errors import StorageDown
from bot.store import handling, ticketing
from bot.store.chain import link
from bot.store.database import Database, Session
from bot.store.tables import TicketEvent
from channels.words import Place
from tests.samples import NOW, escalated, inbound, later, notice, rows

#: What JSON can say; the numbers are those that every database keeps.
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
DETAILS = st.dictionaries(st.text(min_size=1), VALUES, max_size=4)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - as hypothesis wants its bounds


def lines(session: Session, number: str) -> list[TicketEvent]:
    """The timeline as it is read back."""
    ticket = ticketing.find(session, number)
    session.expire_all()
    wanted = select(TicketEvent).where(TicketEvent.ticket_id == ticket.id).order_by(col(TicketEvent.id))
    return list(session.exec(wanted))


def holds(timeline: list[TicketEvent]) -> bool:
    """Whether each line carries the digest of the one before, and its own over what it says."""
    previous = ""
    for line in timeline:
        digest = link(previous, line.at, line.actor, line.kind, line.detail, line.ticket_id)
        if (line.previous, line.digest) != (previous, digest):
            return False
        previous = line.digest
    return True


def test_every_line_carries_the_one_before(database: Database) -> None:
    """What is done to a ticket, also twice in one moment and one transaction, is an unbroken chain."""
    number = escalated(database).number
    database.transact(handling.reply, number, "Anna", "Which coin?", notice, NOW)
    database.transact(handling.note, number, "Ben", "VIP", NOW)
    database.transact(handling.hand_back, number, "Anna", "solved", notice, later(5))
    found = database.transact(lines, number)
    assert [line.kind for line in found] == ["opened", "taken", "replied", "note", "solved"]
    assert holds(found)


def test_each_ticket_has_a_chain_of_its_own(database: Database) -> None:
    """Lines of another ticket in between change nothing."""
    first = escalated(database).number
    second = escalated(database, inbound(event="e2", place=Place(account="bot-1", handle="bob"))).number
    for number in (first, second, first):
        database.transact(handling.note, number, "Ben", "x", NOW)
    assert all(holds(database.transact(lines, number)) for number in (first, second))


def test_a_line_that_says_something_else_breaks_the_chain(database: Database) -> None:
    """Any other word, person, time or order is seen."""
    number = escalated(database).number
    database.transact(handling.note, number, "Ben", "VIP", NOW)
    database.transact(handling.note, number, "Ben", "really", later(1))
    for change in (
        {"detail": {"text": "no VIP"}},
        {"actor": "Anna"},
        {"at": later(9)},
        {"kind": "solved"},
        {"ticket_id": 7},
    ):
        found = database.transact(lines, number)
        for name, value in change.items():
            setattr(found[1], name, value)
        assert not holds(found)
    found = database.transact(lines, number)
    assert not holds([found[0], found[2]])


@pytest.mark.parametrize("statement", ["UPDATE ticketevent SET actor = 'Eve'", "DELETE FROM ticketevent"])
def test_nobody_rewrites_the_past(database: Database, statement: str) -> None:
    """Whoever has the database open can change and remove no line."""
    escalated(database)
    before = [line.model_dump() for line in rows(database, TicketEvent)]
    with pytest.raises(StorageDown, match="never changed or removed"):
        database.transact(lambda session: session.execute(text(statement)))
    assert [line.model_dump() for line in rows(database, TicketEvent)] == before


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(detail=DETAILS, at=MOMENTS, actor=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_what_is_read_back_is_what_was_digested(
    sqlite: Database, detail: dict[str, Any], at: datetime, actor: str
) -> None:
    """Whatever a line says in JSON, whoever did it and when."""
    _round_trip(sqlite, detail, at, actor)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(detail=DETAILS, at=MOMENTS, actor=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_what_postgres_reads_back_is_what_was_digested(
    postgres: Database, detail: dict[str, Any], at: datetime, actor: str
) -> None:
    """As on SQLite."""
    _round_trip(postgres, detail, at, actor)


def test_lines_written_at_once_are_one_chain(postgres: Database) -> None:
    """Agents who note something at the same moment wait for each other."""
    number = escalated(postgres).number

    def note(which: int) -> None:
        postgres.transact(handling.note, number, f"Agent {which}", "x", NOW)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(note, range(24)))
    found = postgres.transact(lines, number)
    assert len(found) == 25
    assert holds(found)


def _round_trip(database: Database, detail: dict[str, Any], at: datetime, actor: str) -> None:
    number = "FD-1001"
    if not rows(database, TicketEvent):
        escalated(database)

    def add(session: Session) -> None:
        about = {f"x{name}": value for name, value in detail.items()}
        ticketing.add_event(session, ticketing.find(session, number), actor, "note", at, **about)

    database.transact(add)
    assert holds(database.transact(lines, number))
