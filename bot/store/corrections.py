"""What agents say a message means, where the bot understood something else: training material."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.errors import NotFound
from bot.store.merging import ids_of
from bot.store.rows import row_of
from bot.store.tables import Message
from bot.store.ticketing import add_event, locked
from bot.store.ticketing_tables import Correction
from channels.words import Author


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction with the text it is about."""

    id: int
    text: str
    language: str | None
    intent_before: str | None
    intent: str
    agent: str
    at: datetime


def correct(session: Session, number: str, agent: str, message_id: int, intent: str, now: datetime) -> None:
    """The user's message means `intent`; a later word on it replaces an earlier one. Raises `NotFound`."""
    ticket, _ = locked(session, number)
    message = row_of(session, Message, message_id)
    if message is None or message.author is not Author.USER or message.conversation_id not in ids_of(session, ticket):
        raise NotFound(f"{ticket.number} has no message {message_id} of its user")
    found = session.exec(select(Correction).where(Correction.message_id == message_id)).first()
    before = found.intent if found else message.intent
    if before == intent:
        return
    row = found or Correction(message_id=message_id, intent_before=message.intent, intent=intent, agent=agent, at=now)
    row.intent, row.agent, row.at = intent, agent, now
    session.add(row)
    add_event(session, ticket, agent, "corrected", now, message=message_id, **{"from": before, "to": intent})


def all_corrections(session: Session) -> Sequence[Corrected]:
    """Corrections of messages that still say something, oldest first.

    One by which an agent came back to what the bot had understood is none.
    """
    rows = session.exec(
        select(Correction, Message)
        .join(Message, col(Correction.message_id) == Message.id)
        .where(
            Message.text != "",
            col(Correction.intent).is_distinct_from(Correction.intent_before),
        )
        .order_by(col(Correction.id))
    )
    return [
        Corrected(row.id, message.text, message.language, row.intent_before, row.intent, row.agent, row.at)
        for row, message in rows
    ]
