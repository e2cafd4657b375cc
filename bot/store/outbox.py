"""What goes out: who may send which message now, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, String, bindparam
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, func, or_, select, update

from bot.store.tables import IS_UNFINISHED, Address, Conversation, File, Message, MessageState, Moment
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
        IS_UNFINISHED,
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
        parts_sent=bindparam("parts", type_=Integer),
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

    This is the fence: a bot's reply from before the last change of owner becomes `withheld` instead, due or not, and
    what waited behind it is due.
    """
    due = _due(session, channels, now, limit)
    while overtaken := [message for message, conversation, _ in due if _is_overtaken(message, conversation)]:
        for message in overtaken:
            _withhold(session, message, now)
        due = _due(session, channels, now, limit)
    for message, _, _ in due:
        message.state = MessageState.SENDING
        message.attempts += 1
    return _dispatches(session, due)


def unclaim(session: Session, channels: Collection[str], sending: Collection[int]) -> None:
    """Puts back what a claim took whose answer was lost: all that is marked `sending` but the messages in `sending`.

    A claim that is still being written down is waited for, which is why what is queued is locked too.
    """
    messages = session.exec(
        select(Message)
        .where(
            IS_UNFINISHED,
            col(Message.state).in_(AHEAD),
            col(Message.channel).in_(channels),
            col(Message.id).not_in(sending),
        )
        .order_by(col(Message.id))
        .with_for_update()
    )
    for message in messages:
        if message.state is MessageState.SENDING:
            message.state = MessageState.QUEUED
            message.attempts -= 1


def interrupted(session: Session, channels: Collection[str]) -> list[Dispatch]:
    """Messages that were being sent when their sender died. Ask only before any sender runs."""
    rows = session.exec(
        select(Message, Conversation, Address)
        .join(Conversation, col(Message.conversation_id) == Conversation.id)
        .join(Address, col(Conversation.address_id) == Address.id)
        .where(IS_UNFINISHED, Message.state == MessageState.SENDING, col(Message.channel).in_(channels))
        .order_by(col(Message.id))
    ).all()
    return _dispatches(session, rows)


def part_sent(session: Session, message_id: int, part: int, platform_id: str, *, last: bool, now: datetime) -> bool:
    """The platform has `part`, and with the last one the message. Whether another part may follow.

    The fence stands between parts too: what is left of a bot's message that a human overtook becomes `withheld`.
    """
    statement = _LAST_PART_SENT if last else _PART_SENT
    written = {"message": message_id, "parts": part + 1, "platform": platform_id or None, "now": now}
    session.exec(statement, params=written)
    if last:
        return False
    message = session.get_one(Message, message_id)
    overtaken = _is_overtaken(message, session.get_one(Conversation, message.conversation_id))
    if overtaken:
        _withhold(session, message, now)
    return not overtaken


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


def _is_overtaken(message: Message, conversation: Conversation) -> bool:
    return message.author is Author.BOT and message.epoch != conversation.epoch


def _withhold(session: Session, message: Message, now: datetime) -> None:
    message.state, message.finished_at = MessageState.WITHHELD, now
    note_delivery(session, message, "withheld", now)


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
