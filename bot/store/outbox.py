"""What goes out: who may send which message now, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, bindparam
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, func, or_, select, update

from bot.store.tables import Address, Conversation, File, Message, MessageState, Moment
from bot.store.ticketing import note_delivery, ticket_of
from bot.store.turns import place_of
from channels.base import Author, Owner, Place

#: What a later message of the same conversation waits for.
AHEAD = (MessageState.QUEUED, MessageState.SENDING)


_earlier = aliased(Message)

# Built once: building a statement takes longer than SQLite takes to answer it.
_DUE = (
    select(Message, Conversation, Address)
    .join(Conversation, col(Message.conversation_id) == Conversation.id)
    .join(Address, col(Conversation.address_id) == Address.id)
    .where(
        Message.state == MessageState.QUEUED,
        or_(
            col(Message.due_at) <= bindparam("now", type_=Moment),
            # Else an agent's answer would wait for a retry of what will never be sent.
            and_(Message.author == Author.BOT, Message.epoch != Conversation.epoch),
        ),
        col(Message.channel).in_(bindparam("channels", expanding=True)),
        ~select(_earlier.id)
        .where(
            _earlier.conversation_id == Message.conversation_id,
            col(_earlier.id) < Message.id,
            col(_earlier.state).in_(AHEAD),
        )
        .exists(),
    )
    .order_by(col(Message.id))
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=[Message, Conversation])
)
_PART_SENT = (
    update(Message)
    .where(col(Message.id) == bindparam("message"))
    .values(
        parts_sent=Message.parts_sent + 1,
        platform_id=func.coalesce(bindparam("platform", type_=String), Message.platform_id),
    )
    .execution_options(synchronize_session=False)
)
_LAST_PART_SENT = _PART_SENT.values(state=MessageState.SENT, finished_at=bindparam("now"), error=None)
_FILES = select(File).where(col(File.message_id).in_(bindparam("messages", expanding=True))).order_by(col(File.id))


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A message that may be sent now, by whoever claimed it and nobody else."""

    message: Message
    place: Place
    owner: Owner
    #: Number of the ticket a human answers on.
    ticket: str | None
    files: Sequence[File]


def claim(session: Session, channels: Collection[str], now: datetime, limit: int) -> list[Dispatch]:
    """Takes the due messages of `channels`, at most one a conversation, oldest first, and marks them `sending`.

    This is the fence: a bot's reply from before the last change of owner becomes `withheld` instead, due or not.
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
    return _dispatches(session, claimed)


def interrupted(session: Session, channels: Collection[str]) -> list[Dispatch]:
    """Messages that were being sent when their sender died. Ask only before any sender runs."""
    rows = session.exec(
        select(Message, Conversation, Address)
        .join(Conversation, col(Message.conversation_id) == Conversation.id)
        .join(Address, col(Conversation.address_id) == Address.id)
        .where(Message.state == MessageState.SENDING, col(Message.channel).in_(channels))
        .order_by(col(Message.id))
    ).all()
    return _dispatches(session, rows)


def next_due(session: Session, channels: Collection[str]) -> datetime | None:
    """When the next queued message becomes due; None where none is queued."""
    return session.exec(
        select(func.min(col(Message.due_at))).where(
            Message.state == MessageState.QUEUED, col(Message.channel).in_(channels)
        )
    ).one()


def part_sent(session: Session, message_id: int, platform_id: str, *, last: bool, now: datetime) -> None:
    """The platform has the next part, and with the last one the message."""
    statement = _LAST_PART_SENT if last else _PART_SENT
    session.exec(statement, params={"message": message_id, "platform": platform_id or None, "now": now})


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
    return session.exec(_DUE, params={"now": now, "channels": list(channels), "limit": limit}).all()


def _dispatches(session: Session, rows: Sequence[tuple[Message, Conversation, Address]]) -> list[Dispatch]:
    files: dict[int, list[File]] = {message.id: [] for message, _, _ in rows}
    if rows:
        for file in session.exec(_FILES, params={"messages": list(files)}):
            files[file.message_id].append(file)
    return [
        Dispatch(
            message,
            place_of(conversation, address),
            conversation.owner,
            _ticket_number(session, conversation),
            files[message.id],
        )
        for message, conversation, address in rows
    ]


def _ticket_number(session: Session, conversation: Conversation) -> str | None:
    ticket = ticket_of(session, conversation.id) if conversation.owner is not Owner.BOT else None
    return ticket.number if ticket else None
