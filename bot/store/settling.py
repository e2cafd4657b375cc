"""Solved, or not any more: written down with what made it so, until the platform shows it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, delete, select

from bot.store.settling_tables import Settling
from bot.store.tables import Address, Conversation
from channels.words import Place


@dataclass(frozen=True, slots=True)
class Standing:
    """How a conversation stands, for its platform."""

    conversation_id: int
    channel: str
    place: Place
    solved: bool
    since: datetime
    #: How often it was told in vain.
    tries: int


def settle(session: Session, conversation_id: int, now: datetime, *, solved: bool) -> None:
    """The platform of the conversation is to be told. Whoever calls holds the conversation."""
    session.exec(delete(Settling).where(col(Settling.conversation_id) == conversation_id))
    session.add(Settling(conversation_id=conversation_id, solved=solved, since=now, due_at=now))
    session.flush()


def due(session: Session, channels: Collection[str], now: datetime, limit: int) -> list[Standing]:
    """What is to be told on `channels` now, longest waiting first."""
    # Named once more: SQLite would begin at the conversations, and read all of them at every look.
    wanted = select(Settling.conversation_id).where(col(Settling.due_at) <= now)
    rows = session.exec(
        select(Settling, Conversation, Address)
        .join(Conversation, col(Settling.conversation_id) == Conversation.id)
        .join(Address, col(Conversation.address_id) == Address.id)
        .where(col(Conversation.id).in_(wanted), col(Settling.due_at) <= now, col(Conversation.channel).in_(channels))
        .order_by(col(Settling.due_at))
        .limit(limit)
    )
    return [_standing(*row) for row in rows]


def told(session: Session, standing: Standing) -> None:
    """The platform shows it, or never will; how it stands since stays to be told."""
    session.exec(delete(Settling).where(_same(standing)))


def put_off(session: Session, standing: Standing, due_at: datetime) -> None:
    """Told in vain; again at `due_at`."""
    found = session.exec(select(Settling).where(_same(standing)).with_for_update()).first()
    if found:
        found.tries, found.due_at = standing.tries + 1, due_at


def _same(standing: Standing) -> ColumnElement[bool]:
    return and_(col(Settling.conversation_id) == standing.conversation_id, col(Settling.since) == standing.since)


def _standing(row: Settling, talk: Conversation, address: Address) -> Standing:
    place = Place(account=talk.account, handle=address.handle, thread=talk.thread, public=talk.public)
    return Standing(talk.id, talk.channel, place, row.solved, row.since, row.tries)
