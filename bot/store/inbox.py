"""What comes in is written down here, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from bot.store.tables import Address, Contact, Conversation, Cursor, File, Message, MessageState, Revision, Status
from bot.store.ticketing import note_edit
from channels.base import Author, Inbound

# Built once: building a statement takes longer than SQLite takes to answer it.
_EVENT = select(Message).where(
    Message.channel == bindparam("channel"),
    Message.account == bindparam("account"),
    Message.event_id == bindparam("event"),
)
_ADDRESS = select(Address).where(
    Address.channel == bindparam("channel"),
    Address.account == bindparam("account"),
    Address.handle == bindparam("handle"),
)
_THREAD = (
    select(Conversation)
    .where(Conversation.address_id == bindparam("address"), Conversation.thread == bindparam("thread"))
    .with_for_update()
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
    session: Session, channel: str, inbound: Inbound, files: Sequence[KeptFile], pace: Pace, now: datetime
) -> Arrival:
    """Stores the event, or finds it stored. An edit of a known message of the same person becomes a revision of it."""
    edited = _message(session, channel, inbound.place.account, inbound.edit_of) if inbound.edit_of else None
    if edited and _said_by(session, edited) == inbound.place.handle:
        return _revise(session, edited, inbound, files, now)
    if known := _message(session, channel, inbound.place.account, inbound.event_id):
        return Arrival(known.id, False, known.conversation_id)
    address = _address(session, channel, inbound, now)
    conversation = _conversation(session, address, inbound, now)
    message = _add(session, conversation, inbound, files, now)
    conversation.status = Status.OPEN
    conversation.ready_at = _ready_at(session, message, pace, now)
    return Arrival(message.id, True, conversation.id, conversation.ready_at)


def cursor(session: Session, channel: str, account: str) -> str | None:
    """Where the channel stopped reading the account."""
    row = session.get(Cursor, (channel, account))
    return row.value if row else None


def keep_cursor(session: Session, channel: str, account: str, value: str) -> None:
    """The channel has read the account up to `value`."""
    session.merge(Cursor(channel=channel, account=account, value=value))


def _message(session: Session, channel: str, account: str, event_id: str) -> Message | None:
    return session.exec(_EVENT, params={"channel": channel, "account": account, "event": event_id}).first()


def _said_by(session: Session, message: Message) -> str:
    conversation = session.get_one(Conversation, message.conversation_id)
    return session.get_one(Address, conversation.address_id).handle


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
    message.text, message.raw = inbound.text, dict(inbound.raw)
    _add_files(session, message, files)
    note_edit(session, message, now)
    return Arrival(message.id, True, message.conversation_id)


def _address(session: Session, channel: str, inbound: Inbound, now: datetime) -> Address:
    place = inbound.place
    key = {"channel": channel, "account": place.account, "handle": place.handle}
    address = session.exec(_ADDRESS, params=key).first()
    if address is None:
        contact = Contact(name=inbound.name, created_at=now)
        session.add(contact)
        session.flush()
        address = Address(
            contact_id=contact.id, channel=channel, account=place.account, handle=place.handle, name=inbound.name
        )
        session.add(address)
    _learn(session, address, inbound, now)
    session.flush()
    return address


def _learn(session: Session, address: Address, inbound: Inbound, now: datetime) -> None:
    address.name = inbound.name or address.name
    if not inbound.verified_by:
        return
    if not address.verified_by:
        address.verified_by, address.verified_at = inbound.verified_by, now
    contact = session.get_one(Contact, address.contact_id)
    contact.attributes = {**contact.attributes, **inbound.attributes}
    contact.tier = inbound.attributes.get("tier", contact.tier)


def _conversation(session: Session, address: Address, inbound: Inbound, now: datetime) -> Conversation:
    thread = inbound.place.thread
    conversation = session.exec(_THREAD, params={"address": address.id, "thread": thread}).first()
    if conversation is None:
        conversation = Conversation(
            address_id=address.id,
            channel=address.channel,
            account=address.account,
            thread=thread,
            public=inbound.place.public,
            created_at=now,
        )
        session.add(conversation)
        session.flush()
    return conversation


def _add(
    session: Session, conversation: Conversation, inbound: Inbound, files: Sequence[KeptFile], now: datetime
) -> Message:
    message = Message(
        conversation_id=conversation.id,
        channel=conversation.channel,
        account=conversation.account,
        author=Author.USER,
        author_name=inbound.name,
        event_id=inbound.event_id,
        state=MessageState.RECEIVED,
        text=inbound.text,
        language=inbound.language,
        choice=inbound.choice,
        reply_to=inbound.reply_to,
        raw=dict(inbound.raw),
        created_at=now,
    )
    session.add(message)
    session.flush()
    _add_files(session, message, files)
    return message


def _add_files(session: Session, message: Message, files: Sequence[KeptFile]) -> None:
    for file in files:
        session.add(
            File(
                message_id=message.id,
                conversation_id=message.conversation_id,
                name=file.name,
                media_type=file.media_type,
                size=file.size,
                sha256=file.sha256,
            )
        )


def _ready_at(session: Session, message: Message, pace: Pace, now: datetime) -> datetime:
    if message.choice or not pace.quiet:
        return now
    first: datetime = session.exec(
        select(func.min(col(Message.created_at))).where(
            Message.conversation_id == message.conversation_id, Message.state == MessageState.RECEIVED
        )
    ).one()
    return min(now + pace.quiet, first + pace.burst)
