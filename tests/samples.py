"""Plain values and short stories that tests start from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlmodel import SQLModel, select

from bot.store import handling, inbox, ticketing, turns
from bot.store.database import Database, Session
from bot.store.escalating import Escalation
from bot.store.inbox import Arrival, KeptFile, Pace
from bot.store.tables import Conversation, Message, Ticket, TicketEvent
from bot.store.turn import Outcome, Reply, Turn
from channels.words import Inbound, Place

Row = TypeVar("Row", bound=SQLModel)

#: The clock of every test that hands a time over.
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

PACE = Pace(quiet=timedelta(seconds=0.6), burst=timedelta(seconds=4))

ANN = Place(account="bot-1", handle="ann")


def later(seconds: float) -> datetime:
    """`seconds` after `NOW`."""
    return NOW + timedelta(seconds=seconds)


def inbound(text: str = "hello", event: str = "e1", place: Place = ANN, **more: Any) -> Inbound:
    """A message of Ann's."""
    return Inbound(event_id=event, place=place, text=text, **more)


def escalation(**changes: Any) -> Escalation:
    """Somebody wants a human."""
    plain = Escalation(
        prefix="FD",
        title="Withdrawal pending",
        category="withdrawal",
        priority="normal",
        reason="human",
        language="en",
        promise=timedelta(hours=4),
    )
    return replace(plain, **changes)


def notice(language: str | None) -> str:
    """What a user is told, with the language it is told in."""
    return f"notice in {language}"


def outcome(*replies: str, **changes: Any) -> Outcome:
    """The end of a turn in English."""
    return replace(Outcome("en", {}, [Reply(text, "en") for text in replies]), **changes)


def arrive(
    database: Database,
    said: Inbound,
    now: datetime = NOW,
    *,
    channel: str = "memory",
    files: Sequence[KeptFile] = (),
) -> Arrival:
    """The message, stored."""
    return database.transact(inbox.receive, channel, said, files, PACE, now)


def turn_of(database: Database, conversation_id: int) -> Turn:
    """What waits in a conversation."""
    turn = database.transact(turns.load, conversation_id)
    assert turn
    return turn


def answer(
    database: Database, said: Inbound, *replies: str, channel: str = "memory", now: datetime = NOW, **changes: Any
) -> int:
    """The message is stored and its turn ends with `replies`; the conversation's id."""
    conversation_id = arrive(database, said, now, channel=channel).conversation_id
    database.transact(turns.finish, turn_of(database, conversation_id), outcome(*replies, **changes), now)
    return conversation_id


def escalated(database: Database, said: Inbound | None = None, channel: str = "memory", **changes: Any) -> Ticket:
    """A conversation in the queue, with the bot's word on it queued; its ticket."""
    wanted = escalation(**changes)
    text = "Your ticket is {ticket}"
    conversation_id = answer(database, said or inbound("a human!"), text, channel=channel, escalation=wanted)
    ticket = database.transact(ticketing.ticket_of, conversation_id)
    assert ticket
    return ticket


def take(database: Database, number: str, agent: str = "Anna") -> None:
    """`agent` answers from here on."""
    database.transact(handling.take, number, agent, notice, NOW)


def rows(database: Database, table: type[Row]) -> list[Row]:
    """Every row of a table, oldest first."""

    def read(session: Session) -> list[Row]:
        return sorted(session.exec(select(table)).all(), key=lambda row: getattr(row, "id", 0))

    return database.transact(read)


def conversation(database: Database) -> Conversation:
    """The only conversation there is."""
    (found,) = rows(database, Conversation)
    return found


def states(database: Database) -> list[tuple[str, str]]:
    """(text, state) of every message, oldest first."""
    return [(message.text, message.state.value) for message in rows(database, Message)]


def timeline(database: Database) -> list[tuple[str, str]]:
    """(actor, kind) of every line of every ticket's timeline."""
    return [(event.actor, event.kind) for event in rows(database, TicketEvent)]


async def until(condition: Callable[[], object]) -> None:
    """Returns once it holds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.01)
