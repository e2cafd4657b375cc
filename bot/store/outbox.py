"""What goes out: who may send which message now, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String, and_, bindparam, func, or_, update
from sqlalchemy import select as select_row
from sqlmodel import Session, col, select

from bot.store.rows import ADDRESS, CONVERSATION, FILE, MESSAGE, Found
from bot.store.tables import IS_UNFINISHED, Conversation, File, Message, MessageState, Moment
from bot.store.ticketing import note_delivery, ticket_of
from bot.store.turns import place_of
from channels.words import Author, Owner, Place

#: What a later message of the same conversation waits for.
AHEAD = (MessageState.QUEUED, MessageState.SENDING)

#: Where a message may be when word comes that it did not arrive after all: faster than our own "sent", or days later.
BOUNCING = (MessageState.SENDING, MessageState.SENT, MessageState.DELIVERED, MessageState.READ, MessageState.UNKNOWN)


@dataclass(slots=True)
class Claimed:
    """What of a message its sender needs; the names are those of `Message`."""

    id: int
    channel: str
    author: Author
    author_name: str
    text: str
    language: str | None
    choices: list[dict[str, str]]
    intent: str | None
    confidence: float | None
    attempts: int
    parts_sent: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A message that may be sent now, by whoever claimed it and nobody else."""

    message: Claimed
    place: Place
    owner: Owner
    #: Number of the ticket a human answers on.
    ticket: str | None
    files: Sequence[File]


_WANTED = [MESSAGE.c[field.name] for field in fields(Claimed)]
_earlier = MESSAGE.alias()
_is_overtaken = and_(MESSAGE.c.author == Author.BOT, MESSAGE.c.epoch != CONVERSATION.c.epoch)

# Built once: building a statement takes longer than SQLite takes to answer it.
_UNDER_WAY = (
    select_row(
        *_WANTED,
        *CONVERSATION.c["account", "thread", "public", "owner"],
        ADDRESS.c.handle,
        CONVERSATION.c.id.label("conversation_id"),
        _is_overtaken.label("overtaken"),
        select_row(FILE.c.id).where(FILE.c.message_id == MESSAGE.c.id).exists().label("has_files"),
    )
    .join(CONVERSATION, MESSAGE.c.conversation_id == CONVERSATION.c.id)
    .join(ADDRESS, CONVERSATION.c.address_id == ADDRESS.c.id)
    .where(IS_UNFINISHED, MESSAGE.c.channel.in_(bindparam("channels", expanding=True)))
    .order_by(MESSAGE.c.id)
)
_INTERRUPTED = _UNDER_WAY.where(MESSAGE.c.state == MessageState.SENDING)
_DUE = (
    _UNDER_WAY.where(
        MESSAGE.c.state == MessageState.QUEUED,
        # Else an agent's answer would wait for a retry of what will never be sent.
        or_(MESSAGE.c.due_at <= bindparam("now", type_=Moment), _is_overtaken),
        ~select_row(_earlier.c.id)
        .where(
            _earlier.c.conversation_id == MESSAGE.c.conversation_id,
            _earlier.c.id < MESSAGE.c.id,
            _earlier.c.state.in_(AHEAD),
        )
        .exists(),
    )
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=[MESSAGE, CONVERSATION])
)
_CLAIM = (
    update(MESSAGE)
    .where(MESSAGE.c.id.in_(bindparam("messages", expanding=True)))
    .values(state=MessageState.SENDING, attempts=MESSAGE.c.attempts + 1)
)
_PART_SENT = (
    update(MESSAGE)
    .where(MESSAGE.c.id == bindparam("message"))
    .values(
        parts_sent=bindparam("parts", type_=Integer),
        platform_id=func.coalesce(bindparam("platform", type_=String), MESSAGE.c.platform_id),
    )
)
# What bounced meanwhile stays failed.
_LAST_PART_SENT = _PART_SENT.where(MESSAGE.c.state == MessageState.SENDING).values(
    state=MessageState.SENT, finished_at=bindparam("now"), error=None
)
_FILES = select(File).where(File.message_id == bindparam("message")).order_by(col(File.id))


def claim(session: Session, channels: Collection[str], now: datetime, limit: int) -> list[Dispatch]:
    """Takes the due messages of `channels`, at most one a conversation, oldest first, and marks them `sending`.

    This is the fence: a bot's reply from before the last change of owner becomes `withheld` instead, due or not, and
    what waited behind it is due.
    """
    due = _due(session, channels, now, limit)
    while overtaken := [row.id for row in due if row.overtaken]:
        for message_id in overtaken:
            _withhold(session, session.get_one(Message, message_id), now)
        session.flush()
        due = _due(session, channels, now, limit)
    if due:
        session.connection().execute(_CLAIM, {"messages": [row.id for row in due]})
    found = _dispatches(session, due)
    for dispatch in found:
        dispatch.message.attempts += 1
    return found


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
    rows = session.connection().execute(_INTERRUPTED, {"channels": list(channels)}).all()
    return _dispatches(session, rows)


def part_sent(session: Session, message_id: int, part: int, platform_id: str, *, last: bool, now: datetime) -> bool:
    """The platform has `part`, and with the last one the message. Whether another part may follow.

    The fence stands between parts too: what is left of a bot's message that a human overtook becomes `withheld`.
    """
    statement = _LAST_PART_SENT if last else _PART_SENT
    written = {"message": message_id, "parts": part + 1, "platform": platform_id or None, "now": now}
    session.connection().execute(statement, written)
    if last:
        return False
    message = session.get_one(Message, message_id)
    conversation = session.get_one(Conversation, message.conversation_id)
    overtaken = message.author is Author.BOT and message.epoch != conversation.epoch
    if overtaken:
        _withhold(session, message, now)
    return not overtaken


def put_back(session: Session, message_id: int, due_at: datetime, error: str | None, *, tried: bool = True) -> None:
    """Nothing was sent; again at `due_at`. Unless it was `tried`, that was no attempt."""
    message = session.get_one(Message, message_id)
    message.attempts -= not tried
    message.state, message.due_at, message.error = MessageState.QUEUED, due_at, error


def give_up(session: Session, message_id: int, state: MessageState, error: str, now: datetime) -> None:
    """The message is `failed` or `unknown`, and its ticket says so; one that bounced meanwhile stays as it is."""
    message = session.get_one(Message, message_id)
    if message.state is MessageState.FAILED:
        return
    message.state, message.finished_at, message.error = state, now, error
    note_delivery(session, message, state.value, now)


def bounced(session: Session, channel: str, account: str, message_id: int, reason: str, now: datetime) -> bool:
    """The platform took the message and could not hand it over: it is `failed`, and its ticket says so, once.

    False where there is nothing to say: it failed before, or that account of the channel never sent it.
    """
    message = session.exec(select(Message).where(Message.id == message_id).with_for_update()).first()
    ours = message is not None and (message.channel, message.account) == (channel, account)
    if message is None or not ours or message.state not in BOUNCING:
        return False
    give_up(session, message_id, MessageState.FAILED, reason, now)
    return True


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


def _withhold(session: Session, message: Message, now: datetime) -> None:
    message.state, message.finished_at = MessageState.WITHHELD, now
    note_delivery(session, message, "withheld", now)


def _due(session: Session, channels: Collection[str], now: datetime, limit: int) -> Sequence[Found]:
    return session.connection().execute(_DUE, {"now": now, "channels": list(channels), "limit": limit}).all()


def _dispatches(session: Session, rows: Sequence[Found]) -> list[Dispatch]:
    return [
        Dispatch(
            Claimed(*row[: len(_WANTED)]), place_of(row), row.owner, _ticket_number(session, row), _files(session, row)
        )
        for row in rows
    ]


def _files(session: Session, row: Found) -> Sequence[File]:
    return session.exec(_FILES, params={"message": row.id}).all() if row.has_files else ()


def _ticket_number(session: Session, row: Found) -> str | None:
    ticket = ticket_of(session, row.conversation_id) if row.owner is not Owner.BOT else None
    return ticket.number if ticket else None


def sent_last(session: Session, message_id: int) -> str:
    """The platform's name of what was sent last in the conversation up to this message; "" where nothing was."""
    conversation = select(Message.conversation_id).where(Message.id == message_id).scalar_subquery()
    found = session.exec(
        select(Message.platform_id)
        .where(
            Message.conversation_id == conversation,
            col(Message.id) <= message_id,
            col(Message.platform_id).is_not(None),
        )
        .order_by(col(Message.id).desc())
        .limit(1)
    ).first()
    return found or ""


def answered(session: Session, message_id: int) -> dict[str, Any]:
    """`Inbound.raw` of the newest message of the person before this one, in its conversation; empty without one."""
    conversation = select(Message.conversation_id).where(Message.id == message_id).scalar_subquery()
    found = session.exec(
        select(Message.raw)
        .where(Message.conversation_id == conversation, Message.author == Author.USER, col(Message.id) < message_id)
        .order_by(col(Message.id).desc())
        .limit(1)
    ).first()
    return dict(found or {})
