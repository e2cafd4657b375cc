"""What goes out: who may send which message now, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from bot.store.tables import Address, Conversation, File, Message, MessageState, TicketState
from bot.store.ticketing import note_delivery, ticket_of
from bot.store.turns import place_of
from channels.base import Author, Owner, Place

#: What a later message of the same conversation waits for.
AHEAD = (MessageState.QUEUED, MessageState.SENDING)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A message that may be sent now, by whoever claimed it and nobody else."""

    message: Message
    place: Place
    owner: Owner
    ticket: str | None
    files: Sequence[File]


def claim(session: Session, channels: Collection[str], now: datetime, limit: int) -> list[Dispatch]:
    """Takes the due messages of `channels`, at most one a conversation, oldest first, and marks them `sending`.

    This is the fence: a bot's reply from before the last change of owner becomes `withheld` instead.
    """
    claimed = []
    for message, conversation, address in _due(session, channels, now, limit):
        if message.author is Author.BOT and message.epoch != conversation.epoch:
            message.state, message.finished_at = MessageState.WITHHELD, now
            note_delivery(session, message, "withheld", now)
            continue
        message.state = MessageState.SENDING
        message.attempts += 1
        claimed.append((message, conversation, address))
    return [_dispatch(session, *row) for row in claimed]


def interrupted(session: Session, channels: Collection[str]) -> list[Dispatch]:
    """Messages that were being sent when their sender died. Ask only before any sender runs."""
    rows = session.exec(
        select(Message, Conversation, Address)
        .join(Conversation, col(Message.conversation_id) == Conversation.id)
        .join(Address, col(Conversation.address_id) == Address.id)
        .where(Message.state == MessageState.SENDING, col(Message.channel).in_(channels))
        .order_by(col(Message.id))
    ).all()
    return [_dispatch(session, *row) for row in rows]


def next_due(session: Session, channels: Collection[str]) -> datetime | None:
    """When the next queued message becomes due; None where none is queued."""
    return session.exec(
        select(func.min(col(Message.due_at))).where(
            Message.state == MessageState.QUEUED, col(Message.channel).in_(channels)
        )
    ).one()


def part_sent(session: Session, message_id: int, platform_id: str, last: bool, now: datetime) -> None:
    """The platform has the next part, and with the last one the message."""
    message = session.get_one(Message, message_id)
    message.parts_sent += 1
    message.platform_id = platform_id or message.platform_id
    if last:
        message.state, message.finished_at, message.error = MessageState.SENT, now, None


def put_back(session: Session, message_id: int, due_at: datetime, error: str | None) -> None:
    """Nothing was sent; again at `due_at`."""
    message = session.get_one(Message, message_id)
    message.state, message.due_at, message.error = MessageState.QUEUED, due_at, error


def give_up(session: Session, message_id: int, state: MessageState, error: str, now: datetime) -> None:
    """The message is `failed` or `unknown`, and its ticket says so."""
    message = session.get_one(Message, message_id)
    message.state, message.finished_at, message.error = state, now, error
    note_delivery(session, message, state.value, now)


def in_flight(session: Session, conversation_id: int) -> int:
    """Bot messages of the conversation that are being sent this moment."""
    return session.exec(
        select(func.count())
        .select_from(Message)
        .where(
            Message.conversation_id == conversation_id,
            Message.state == MessageState.SENDING,
            Message.author == Author.BOT,
        )
    ).one()


def _due(
    session: Session, channels: Collection[str], now: datetime, limit: int
) -> Sequence[tuple[Message, Conversation, Address]]:
    earlier = aliased(Message)
    blocked = (
        select(earlier.id)
        .where(
            earlier.conversation_id == Message.conversation_id,
            col(earlier.id) < Message.id,
            col(earlier.state).in_(AHEAD),
        )
        .exists()
    )
    return session.exec(
        select(Message, Conversation, Address)
        .join(Conversation, col(Message.conversation_id) == Conversation.id)
        .join(Address, col(Conversation.address_id) == Address.id)
        .where(
            Message.state == MessageState.QUEUED,
            col(Message.due_at) <= now,
            col(Message.channel).in_(channels),
            ~blocked,
        )
        .order_by(col(Message.id))
        .limit(limit)
        .with_for_update(skip_locked=True, of=[Message, Conversation])
    ).all()


def _dispatch(session: Session, message: Message, conversation: Conversation, address: Address) -> Dispatch:
    ticket = ticket_of(session, conversation.id)
    files = session.exec(select(File).where(File.message_id == message.id).order_by(col(File.id))).all()
    return Dispatch(
        message, place_of(conversation, address), conversation.owner, ticket.number if ticket else None, files
    )
