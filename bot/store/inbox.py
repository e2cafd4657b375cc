"""What comes in is written down here, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, update
from sqlalchemy import select as select_row
from sqlmodel import Session, select

from bot.errors import NotFound
from bot.store.channel_tables import Cursor
from bot.store.contacts import judge, vouch
from bot.store.rows import ADDRESS, BESIDE, CONVERSATION, MESSAGE, WHOLE, add_message
from bot.store.tables import (
    IS_UNFINISHED,
    Address,
    Contact,
    Conversation,
    File,
    Message,
    MessageState,
    Revision,
    Status,
)
from bot.store.ticketing import note_edit
from bot.tiers import Tiers
from channels.words import Author, Inbound

NO_TIERS = Tiers({})

# Built once: building a statement takes longer than SQLite takes to answer it.
_EVENT = select_row(MESSAGE.c.id, MESSAGE.c.conversation_id).where(
    MESSAGE.c.channel == bindparam("channel"),
    MESSAGE.c.account == bindparam("account"),
    MESSAGE.c.event_id == bindparam("event"),
)
_PLACE = (
    select_row(CONVERSATION.c.id, ADDRESS.c.id, ADDRESS.c.name)
    .join(ADDRESS, CONVERSATION.c.address_id == ADDRESS.c.id)
    .where(
        ADDRESS.c.channel == bindparam("channel"),
        ADDRESS.c.account == bindparam("account"),
        ADDRESS.c.handle == bindparam("handle"),
        CONVERSATION.c.thread == bindparam("thread"),
    )
    .with_for_update(of=CONVERSATION)
)
_FIRST = select_row(func.min(MESSAGE.c.created_at)).where(
    MESSAGE.c.conversation_id == bindparam("conversation"), MESSAGE.c.state == MessageState.RECEIVED, IS_UNFINISHED
)
_OPEN = (
    update(CONVERSATION)
    .where(CONVERSATION.c.id == bindparam("conversation"))
    .values(status=Status.OPEN, ready_at=bindparam("ready"))
)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a burst of messages becomes one turn."""

    #: A turn begins when nothing came for this long...
    quiet: timedelta
    #: ...or this long after the first message of the burst.
    burst: timedelta


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file whose bytes are on disk already. `size` in bytes, `sha256` in hex."""

    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of an event. `ready_at` is None where it began no turn: a redelivery, an edit."""

    message_id: int
    fresh: bool
    conversation_id: int
    ready_at: datetime | None = None


def receive(
    session: Session,
    channel: str,
    inbound: Inbound,
    files: Sequence[KeptFile],
    pace: Pace,
    now: datetime,
    tiers: Tiers = NO_TIERS,
) -> Arrival:
    """Stores the event, or finds it stored. An edit of a known message of the same person becomes a revision of it.

    Raises `NotFound` where a message was taken back that nobody knows.
    """
    edited = _message(session, channel, inbound.place.account, inbound.edit_of) if inbound.edit_of else None
    if edited and _may_change(session, edited, inbound):
        return _revise(session, edited, inbound, files, now)
    if inbound.deleted:
        raise NotFound(f"{inbound.place.handle or 'nobody'} has said no message {inbound.edit_of}")
    connection = session.connection()
    event = {"channel": channel, "account": inbound.place.account, "event": inbound.event_id}
    if known := connection.execute(_EVENT, event).first():
        return Arrival(known[0], False, known[1])
    conversation_id = _at(session, channel, inbound, tiers, now)
    message_id = _add(session, conversation_id, channel, inbound, now)
    add_files(session, message_id, conversation_id, files)
    ready_at = now if inbound.choice or not pace.quiet else _end_of_burst(session, conversation_id, pace, now)
    connection.execute(_OPEN, {"conversation": conversation_id, "ready": ready_at})
    return Arrival(message_id, True, conversation_id, ready_at)


def cursor(session: Session, channel: str, account: str) -> str | None:
    """Where the channel stopped reading the account."""
    row = session.get(Cursor, (channel, account))
    return row.value if row else None


def keep_cursor(session: Session, channel: str, account: str, value: str) -> None:
    """The channel has read the account up to `value`."""
    session.merge(Cursor(channel=channel, account=account, value=value))


def _message(session: Session, channel: str, account: str, event_id: str) -> Message | None:
    return session.exec(select(Message).filter_by(channel=channel, account=account, event_id=event_id)).first()


def _may_change(session: Session, message: Message, inbound: Inbound) -> bool:
    """Only who said it; that a message is gone some platforms tell without saying whose it was."""
    if inbound.deleted and not inbound.place.handle:
        return True
    conversation = session.get_one(Conversation, message.conversation_id)
    return session.get_one(Address, conversation.address_id).handle == inbound.place.handle


def _revise(session: Session, message: Message, inbound: Inbound, files: Sequence[KeptFile], now: datetime) -> Arrival:
    revision = Revision(
        message_id=message.id,
        channel=message.channel,
        account=message.account,
        event_id=inbound.event_id,
        text=message.text,
        raw=message.raw,
        created_at=now,
    )
    same = select(Revision).filter_by(channel=revision.channel, account=revision.account, event_id=revision.event_id)
    if session.exec(same).first():
        return Arrival(message.id, False, message.conversation_id)
    session.add(revision)
    if inbound.deleted:
        _take_back(session, message)
    else:
        message.text, message.raw = inbound.text, _raw(inbound)
    add_files(session, message.id, message.conversation_id, files)
    note_edit(session, message, "deleted" if inbound.deleted else "edited", now)
    return Arrival(message.id, True, message.conversation_id)


def _take_back(session: Session, message: Message) -> None:
    """The row stays, and what it said is in the revision; nobody answers it any more."""
    message.text, message.state = "", MessageState.HANDLED
    session.flush()
    waiting = select(Message.id).filter_by(conversation_id=message.conversation_id, state=MessageState.RECEIVED)
    if session.exec(waiting.limit(1)).first() is None:
        session.get_one(Conversation, message.conversation_id).ready_at = None


def _at(session: Session, channel: str, inbound: Inbound, tiers: Tiers, now: datetime) -> int:
    """The id of the conversation at the place of `inbound`, locked; what is new there is learned."""
    place = inbound.place
    key = {"channel": channel, "account": place.account, "handle": place.handle, "thread": place.thread}
    found = session.connection().execute(_PLACE, key).first()
    if found is None:
        return _begin(session, channel, inbound, tiers, now)
    conversation_id, address_id, name = found
    if inbound.verified_by or inbound.name not in {"", name}:
        _learn(session, session.get_one(Address, address_id), inbound, tiers, now)
    return int(conversation_id)


def _begin(session: Session, channel: str, inbound: Inbound, tiers: Tiers, now: datetime) -> int:
    place = inbound.place
    address = _address(session, channel, inbound, now)
    _learn(session, address, inbound, tiers, now)
    conversation = Conversation(
        address_id=address.id,
        channel=channel,
        account=place.account,
        thread=place.thread,
        public=place.public,
        created_at=now,
    )
    session.add(conversation)
    session.flush()
    return conversation.id


def _address(session: Session, channel: str, inbound: Inbound, now: datetime) -> Address:
    account, handle = inbound.place.account, inbound.place.handle
    address = session.exec(select(Address).filter_by(channel=channel, account=account, handle=handle)).first()
    if address is None:
        contact = Contact(name=inbound.name, created_at=now)
        session.add(contact)
        session.flush()
        address = Address(contact_id=contact.id, channel=channel, account=account, handle=handle, name=inbound.name)
        session.add(address)
        session.flush()
    return address


def _learn(session: Session, address: Address, inbound: Inbound, tiers: Tiers, now: datetime) -> None:
    address.name = inbound.name or address.name
    if not inbound.verified_by:
        return
    first = not address.verified_by
    if first:
        address.verified_by, address.verified_at = inbound.verified_by, now
    contact = session.get_one(Contact, address.contact_id)
    said = {name: value for name, value in inbound.attributes.items() if contact.attributes.get(name) != value}
    if inbound.vouched:
        vouch(session, address.channel, address.handle, inbound.vouched, inbound.verified_by, tiers, now)
    if first or said:
        session.flush()
        judge(session, contact, tiers, now, said)


def _add(session: Session, conversation_id: int, channel: str, inbound: Inbound, now: datetime) -> int:
    return add_message(
        session,
        conversation_id=conversation_id,
        channel=channel,
        account=inbound.place.account,
        author=Author.USER,
        author_name=inbound.name,
        event_id=inbound.event_id,
        state=MessageState.RECEIVED,
        text=inbound.text,
        language=inbound.language,
        choice=inbound.choice,
        reply_to=inbound.reply_to,
        raw=_raw(inbound),
        created_at=now,
    )


def _raw(inbound: Inbound) -> dict[str, Any]:
    """The payload, and with it what agents are shown."""
    shown = {BESIDE: dict(inbound.beside), WHOLE: inbound.whole}
    return {**inbound.raw, **{name: value for name, value in shown.items() if value}}


def add_files(session: Session, message_id: int, conversation_id: int, files: Sequence[KeptFile]) -> None:
    """The message has these files."""
    for file in files:
        session.add(
            File(
                message_id=message_id,
                conversation_id=conversation_id,
                name=file.name,
                media_type=file.media_type,
                size=file.size,
                sha256=file.sha256,
            )
        )


def _end_of_burst(session: Session, conversation_id: int, pace: Pace, now: datetime) -> datetime:
    first: datetime = session.connection().execute(_FIRST, {"conversation": conversation_id}).scalar_one()
    return min(now + pace.quiet, first + pace.burst)
