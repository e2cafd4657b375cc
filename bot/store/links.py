"""Links that carry a conversation from a public place to a private one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, update
from sqlalchemy.sql import ColumnElement
from sqlmodel import Session, col, select

from bot.errors import Refused
from bot.store.link_tables import PrivateLink
from bot.store.rows import add_message
from bot.store.tables import Address, Conversation, Message, MessageState, Status, TicketConversation
from bot.store.ticketing import add_event, change_owner, ticket_of
from channels.words import Author, Choice, Owner, Place


@dataclass(frozen=True, slots=True)
class Offer:
    """A link to be given: the digest of its token, and what the bot remembers when it is opened."""

    digest: str
    dialogue: dict[str, Any]
    life: timedelta


@dataclass(frozen=True, slots=True)
class Welcome:
    """What is said first in private. Only where it is a question does the bot go on."""

    text: str
    dialogue: dict[str, Any]
    choices: tuple[Choice, ...] = ()
    asks: bool = False


#: The welcome in a language, for what the bot remembers and who answers the conversation.
Greet = Callable[[str | None, dict[str, Any], Owner], Welcome]


def offer(session: Session, conversation_id: int, offered: Offer, now: datetime) -> None:
    """Keeps a link given in a conversation. What was given there before and nobody opened opens nothing any more."""
    session.execute(
        update(PrivateLink)
        .where(
            col(PrivateLink.conversation_id) == conversation_id,
            col(PrivateLink.claimed_at).is_(None),
            col(PrivateLink.expires_at) > now,
        )
        .values(expires_at=now)
    )
    session.add(
        PrivateLink(
            digest=offered.digest,
            conversation_id=conversation_id,
            dialogue=offered.dialogue,
            created_at=now,
            expires_at=now + offered.life,
        )
    )


def claim(session: Session, digest: str, channel: str, place: Place, greet: Greet, now: datetime) -> None:
    """Carries the conversation of a link on at `place`; once more from there it changes nothing.

    Raises `Refused` where the link is unknown, too old, or opened from elsewhere, and where somebody has written from
    `place` before.
    """
    link = session.exec(select(PrivateLink).where(PrivateLink.digest == digest)).first()
    if link is None:
        raise Refused("this link was never given")
    # The conversation first, then the link, its ticket last, as turns and sends lock them.
    public = session.get_one(Conversation, link.conversation_id, with_for_update=True)
    session.refresh(link, with_for_update=True)
    handle = {"channel": channel, "account": place.account, "handle": place.handle}
    known = session.exec(select(Address).filter_by(**handle)).first()
    if link.private_id and known and _is_at(session, link.private_id, known):
        return
    if link.claimed_at or link.expires_at <= now or known:
        raise Refused("this link is used or too old")
    ticket = ticket_of(session, public.id)
    private = _begin(session, public, channel, place, now)
    link.claimed_at, link.private_id = now, private.id
    _say(session, private, greet(public.language, link.dialogue, private.owner), now)
    if ticket:
        session.add(TicketConversation(ticket_id=ticket.id, conversation_id=private.id))
        add_event(session, ticket, "user", "moved", now, conversation=private.id, channel=channel)


def carried(session: Session, conversation_id: int) -> ColumnElement[bool]:
    """Which messages belong to a conversation: its own, and what was said in public before it was carried on."""
    own = col(Message.conversation_id) == conversation_id
    link = session.exec(select(PrivateLink).where(PrivateLink.private_id == conversation_id)).first()
    if link is None:
        return own
    before = col(Message.created_at) <= link.claimed_at
    return or_(own, and_(col(Message.conversation_id) == link.conversation_id, before))


def _is_at(session: Session, conversation_id: int, address: Address) -> bool:
    return session.get_one(Conversation, conversation_id).address_id == address.id


def _begin(session: Session, public: Conversation, channel: str, place: Place, now: datetime) -> Conversation:
    person = session.get_one(Address, public.address_id)
    address = Address(
        contact_id=person.contact_id,
        channel=channel,
        account=place.account,
        handle=place.handle,
        name=person.name,
    )
    session.add(address)
    session.flush()
    private = Conversation(
        address_id=address.id,
        channel=channel,
        account=place.account,
        thread=place.thread,
        language=public.language,
        status=Status.WAITING,
        created_at=now,
    )
    # A human who has it already goes on here.
    change_owner(private, public.owner)
    session.add(private)
    session.flush()
    return private


def _say(session: Session, private: Conversation, welcome: Welcome, now: datetime) -> None:
    if welcome.asks:
        change_owner(private, Owner.BOT)
        private.dialogue = welcome.dialogue
    add_message(
        session,
        conversation_id=private.id,
        channel=private.channel,
        account=private.account,
        author=Author.BOT if welcome.asks else Author.SYSTEM,
        state=MessageState.QUEUED,
        text=welcome.text,
        language=private.language,
        choices=[{"title": choice.title, "payload": choice.payload} for choice in welcome.choices],
        epoch=private.epoch,
        due_at=now,
        created_at=now,
    )
