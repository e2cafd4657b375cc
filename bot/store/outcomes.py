"""What became of the answers agents gave in staff rooms, for the rooms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_
from sqlmodel import Session, col, select

from bot.store.mirror_tables import IS_UNSETTLED, Mirror, StaffSaid
from bot.store.mirroring import Writer, add_post
from bot.store.tables import Message, MessageState

#: More will be heard of it.
UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING)
#: It did not arrive, or nobody knows.
BAD = (MessageState.FAILED, MessageState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Arrived:
    """An agent's answer that the person has."""

    id: int
    thread: str
    raw: Mapping[str, Any]


def tell(session: Session, channel: str, writer: Writer, now: datetime) -> None:
    """Writes down to be posted, each as an answer to the agent's message, what did not arrive or may not have."""
    for said, mirror, message in session.exec(_unsettled(channel).where(col(Message.state).in_(BAD))).all():
        said.settled = True
        add_post(session, mirror, writer.undelivered(message.state, message.error or "").text, said.raw, now)


def arrived(session: Session, channel: str) -> list[Arrived]:
    """Answers that persons have, and of which the room was not told yet."""
    rows = session.exec(_unsettled(channel).where(col(Message.state).not_in([*UNDER_WAY, *BAD])))
    return [Arrived(said.id, mirror.thread or "", dict(said.raw)) for said, mirror, _ in rows]


def settled(session: Session, said_id: int) -> None:
    """The room was told."""
    session.get_one(StaffSaid, said_id).settled = True


def _unsettled(channel: str) -> Any:
    return (
        select(StaffSaid, Mirror, Message)
        .join(Mirror, and_(col(StaffSaid.ticket_id) == Mirror.ticket_id, col(StaffSaid.channel) == Mirror.channel))
        .join(Message, col(StaffSaid.message_id) == Message.id)
        .where(IS_UNSETTLED, StaffSaid.channel == channel)
        .order_by(col(StaffSaid.id))
    )
