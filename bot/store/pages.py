"""A ticket as its own user sees it, and what that user may do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from bot.errors import NotFound, Refused
from bot.store.page_tables import TicketPage
from bot.store.reading import SHOWN, Said, with_files
from bot.store.rows import BESIDE, LARGEST_ID, WHOLE
from bot.store.settling import settle
from bot.store.tables import (
    Address,
    Conversation,
    File,
    Message,
    Status,
    Ticket,
    TicketConversation,
    TicketState,
)
from bot.store.ticketing import OVER, add_event, change_owner, find, going_on, ticket_of
from channels.words import Author, Owner, Place

#: Said so long before the ticket was opened belongs to it.
BEFORE = timedelta(hours=1)

#: Messages on the page: the newest.
MOST_MESSAGES = 200


@dataclass(frozen=True, slots=True)
class Page:
    """A ticket as its user sees it, oldest message first."""

    ticket: Ticket
    #: Where the link was given, and so where what is added goes.
    conversation: Conversation
    place: Place
    said: Sequence[Said]
    #: Another open ticket goes on in the same conversation.
    newer: bool


def version(session: Session, ticket_id: int) -> int:
    """How often links to the ticket were revoked."""
    row = session.get(TicketPage, ticket_id)
    return row.version if row else 0


def newest_place(session: Session, number: str) -> tuple[int, Conversation, int]:
    """The ticket's id, the conversation its user is told in, and `version`. Raises `NotFound`."""
    ticket = find(session, number)
    conversation = session.exec(
        select(Conversation)
        .join(TicketConversation)
        .where(TicketConversation.ticket_id == ticket.id)
        .order_by(col(Conversation.id).desc())
        .limit(1)
    ).first()
    if conversation is None:
        raise NotFound(f"{ticket.number} is about no conversation")
    return ticket.id, conversation, version(session, ticket.id)


def place_for(session: Session, ticket_id: int, conversation_id: int) -> tuple[int, int] | None:
    """The conversation of the ticket a link given in `conversation_id` is about, that one or its contact's; `version`.

    None where the ticket is about none of them.
    """
    contact = (
        select(Address.contact_id)
        .join(Conversation, col(Conversation.address_id) == Address.id)
        .where(Conversation.id == conversation_id)
        .scalar_subquery()
    )
    found = session.exec(
        select(Conversation.id)
        .join(TicketConversation)
        .join(Address, col(Conversation.address_id) == Address.id)
        .where(TicketConversation.ticket_id == ticket_id, Address.contact_id == contact)
        .order_by((col(Conversation.id) == conversation_id).desc(), col(Conversation.id).desc())
        .limit(1)
    ).first()
    return (found, version(session, ticket_id)) if found else None


def revoke(session: Session, number: str, agent: str, now: datetime) -> None:
    """No link to the ticket that was given until now opens anything. Raises `NotFound`."""
    ticket = find(session, number)
    session.refresh(ticket, with_for_update=True)
    session.merge(TicketPage(ticket_id=ticket.id, version=version(session, ticket.id) + 1))
    add_event(session, ticket, agent, "links_revoked", now)


def page(session: Session, ticket_id: int, conversation_id: int, given: int) -> Page:
    """What a link of version `given` shows. Raises `NotFound` where it was revoked, or one is not about the other."""
    known = max(ticket_id, conversation_id) <= LARGEST_ID
    ticket = session.get(Ticket, ticket_id) if known and version(session, ticket_id) == given else None
    conversation = session.get(Conversation, conversation_id) if ticket else None
    if ticket is None or conversation is None:
        raise NotFound("the link opens nothing")
    ticket = going_on(session, ticket)
    if session.get(TicketConversation, (ticket.id, conversation.id)) is None:
        raise NotFound("the link opens nothing")
    address = session.get_one(Address, conversation.address_id)
    place = Place(
        account=conversation.account, handle=address.handle, thread=conversation.thread, public=conversation.public
    )
    other = ticket_of(session, conversation.id)
    newer = other is not None and other.id > ticket.id
    return Page(ticket, conversation, place, _said(session, ticket, address), newer)


def file_of_page(shown: Page, file_id: int) -> File:
    """A file of a message on the page. Raises `NotFound`, also for a file of any other."""
    for said in shown.said:
        for file in said.files:
            if file.id == file_id:
                return file
    raise NotFound("there is no such file")


def known(session: Session, shown: Page, event_id: str) -> bool:
    """Whether the event was stored before: the form was sent twice."""
    same = {"channel": shown.conversation.channel, "account": shown.conversation.account, "event_id": event_id}
    return session.exec(select(Message.id).filter_by(**same)).first() is not None


def newest_raw(session: Session, conversation_id: int) -> Mapping[str, Any]:
    """What a reply must name, of the user's newest message there."""
    found = session.exec(
        select(Message.raw)
        .where(Message.conversation_id == conversation_id, Message.author == Author.USER)
        .order_by(col(Message.id).desc())
        .limit(1)
    ).first()
    return {name: value for name, value in (found or {}).items() if name not in {BESIDE, WHOLE}}


def to_humans(session: Session, ticket_id: int, conversation_id: int, now: datetime) -> None:
    """From here on what is said in the conversation reaches the ticket; a solved one is open again, in the queue.

    Changes nothing where humans have it already. Raises `Refused` where the ticket is closed for good, or over while
    another one goes on in the same conversation.
    """
    conversation = session.get_one(Conversation, conversation_id, with_for_update=True)
    ticket = session.get_one(Ticket, ticket_id, with_for_update=True)
    if ticket.state is TicketState.CLOSED:
        raise Refused(f"{ticket.number} is closed")
    if ticket.state in OVER:
        _reopen(session, ticket, conversation, now)
    elif conversation.owner is Owner.BOT:
        _call(ticket, conversation, now)
        add_event(session, ticket, "user", "escalated", now, reason="human")


def _reopen(session: Session, ticket: Ticket, conversation: Conversation, now: datetime) -> None:
    if ticket_of(session, conversation.id):
        raise Refused(f"another ticket goes on in place of {ticket.number}")
    ticket.solved_at = None
    _call(ticket, conversation, now)
    settle(session, conversation.id, now, solved=False)
    add_event(session, ticket, "user", "reopened", now)


def _call(ticket: Ticket, conversation: Conversation, now: datetime) -> None:
    ticket.state = TicketState.OPEN if ticket.first_response_at else TicketState.NEW
    ticket.assignee, ticket.waiting_since = None, ticket.waiting_since or now
    change_owner(conversation, Owner.QUEUE)
    conversation.dialogue, conversation.status = {}, Status.OPEN


def _said(session: Session, ticket: Ticket, address: Address) -> list[Said]:
    """What was said about the ticket where its contact writes from; notes and suggestions are not."""
    own = (
        select(Conversation.id)
        .join(TicketConversation)
        .join(Address, col(Conversation.address_id) == Address.id)
        .where(TicketConversation.ticket_id == ticket.id, Address.contact_id == address.contact_id)
    )
    wanted = select(Message).where(
        col(Message.conversation_id).in_(own),
        col(Message.state).in_(SHOWN),
        col(Message.created_at) >= ticket.created_at - BEFORE,
    )
    if ticket.solved_at:
        wanted = wanted.where(col(Message.created_at) <= ticket.solved_at)
    newest = session.exec(wanted.order_by(col(Message.id).desc()).limit(MOST_MESSAGES)).all()
    return with_files(session, newest[::-1])
