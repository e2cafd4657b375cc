"""What people look at: the transcript at a place, the list of tickets, one ticket whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, case, col, func, select

from bot.errors import NotFound
from bot.store.linking import Linked, links_of
from bot.store.links import carried
from bot.store.rows import BESIDE, LARGEST_ID, WHOLE
from bot.store.tables import (
    IS_UNFINISHED,
    Address,
    Contact,
    Conversation,
    File,
    Message,
    MessageState,
    Ticket,
    TicketConversation,
    TicketEvent,
    TicketState,
)
from bot.store.ticketing import OVER, RANK, find, ticket_of
from bot.store.undoing import followed, shown_of
from channels.words import Owner, Place

#: Outbound messages a user has seen, or may have.
SHOWN = (
    MessageState.RECEIVED,
    MessageState.HANDLED,
    MessageState.SENT,
    MessageState.DELIVERED,
    MessageState.READ,
    MessageState.UNKNOWN,
)


@dataclass(frozen=True, slots=True)
class Said:
    """A message with its files."""

    message: Message
    files: Sequence[File]

    @property
    def beside(self) -> Mapping[str, str]:
        """What an agent is shown beside the text, by name."""
        shown: dict[str, str] = self.message.raw.get(BESIDE, {})
        return shown

    @property
    def shortened(self) -> bool:
        """Whether the text leaves something out that `original` has."""
        return WHOLE in self.message.raw


@dataclass(frozen=True, slots=True)
class Original:
    """A message as it came: all of its text, and the platform's payload."""

    text: str
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as its user sees it, oldest message first."""

    owner: Owner
    agent: str
    ticket: str | None
    said: Sequence[Said]


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket with everything an agent needs to answer it."""

    ticket: Ticket
    owner: Owner
    contact: Contact
    addresses: Sequence[Address]
    said: Sequence[Said]
    events: Sequence[TicketEvent]
    #: The number it goes on as, where it was merged into another.
    merged_into: str | None = None
    links: Sequence[Linked] = ()


def talk(session: Session, channel: str, place: Place, limit: int) -> Talk | None:
    """The newest `limit` messages at `place`, also those carried on there; None where nobody ever wrote."""
    conversation = _at(session, channel, place)
    if conversation is None:
        return None
    ticket = ticket_of(session, conversation.id)
    newest = session.exec(
        select(Message)
        .where(carried(session, conversation.id), col(Message.state).in_(SHOWN))
        .order_by(col(Message.id).desc())
        .limit(limit)
    ).all()
    return Talk(
        owner=conversation.owner,
        agent=(ticket.assignee or "") if ticket else "",
        ticket=ticket.number if ticket else None,
        said=with_files(session, newest[::-1]),
    )


def file_at(session: Session, channel: str, place: Place, file_id: int) -> File | None:
    """A file of the conversation at `place`; None for a file of any other."""
    conversation = _at(session, channel, place)
    if conversation is None or file_id > LARGEST_ID:
        return None
    wanted = select(File).join(Message, col(File.message_id) == Message.id).where(File.id == file_id)
    return session.exec(wanted.where(carried(session, conversation.id))).first()


def list_tickets(session: Session, states: Collection[TicketState], limit: int) -> Sequence[Ticket]:
    """Tickets in `states`, all that are not over where none is named: most urgent first, then oldest."""
    wanted = states or [state for state in TicketState if state not in OVER]
    rows = session.exec(
        select(Ticket)
        .where(col(Ticket.state).in_(wanted))
        .order_by(case({word: -rank for rank, word in enumerate(RANK)}, value=Ticket.priority), col(Ticket.id))
        .limit(limit)
    )
    return rows.all()


def show(session: Session, number: str) -> TicketView:
    """Raises `NotFound`. One that was merged is shown with the conversations it had, and names where it went."""
    ticket = find(session, number)
    ids = shown_of(session, ticket)
    rows = session.exec(
        select(Conversation, Address, Contact)
        .join(Address, col(Conversation.address_id) == Address.id)
        .join(Contact, col(Address.contact_id) == Contact.id)
        .where(col(Conversation.id).in_(ids))
        .order_by(col(Conversation.id))
    ).all()
    messages = session.exec(
        select(Message).where(col(Message.conversation_id).in_(ids)).order_by(col(Message.id))
    ).all()
    events = session.exec(
        select(TicketEvent).where(TicketEvent.ticket_id == ticket.id).order_by(col(TicketEvent.id))
    ).all()
    return TicketView(
        ticket=ticket,
        owner=rows[-1][0].owner,
        contact=rows[-1][2],
        addresses=[address for _, address, _ in rows],
        said=with_files(session, messages),
        events=events,
        merged_into=session.get_one(Ticket, ticket.merged_into_id).number if ticket.merged_into_id else None,
        links=links_of(session, ticket),
    )


def status_for(session: Session, conversation_id: int, number: str | None) -> Ticket | None:
    """The ticket `number`, if it is the asker's own; without a number the conversation's open ticket.

    Of one that was merged it is the ticket that goes on.
    Own are those of the address, and of the whole contact only where somebody vouches for the address.
    """
    if number is None:
        return ticket_of(session, conversation_id)
    address = session.exec(
        select(Address)
        .join(Conversation, col(Conversation.address_id) == Address.id)
        .where(Conversation.id == conversation_id)
    ).one()
    own = Address.contact_id == address.contact_id if address.verified_by else Address.id == address.id
    ticket = followed(session, number)
    if ticket is None:
        return None
    return session.exec(
        select(Ticket)
        .join(TicketConversation)
        .join(Conversation, col(TicketConversation.conversation_id) == Conversation.id)
        .join(Address, col(Conversation.address_id) == Address.id)
        .where(Ticket.id == ticket.id, own)
    ).first()


def thread_of_ticket(session: Session, channel: str, account: str, handle: str, number: str) -> str | None:
    """The thread of the ticket's newest conversation with `handle`; None where the ticket is about no such one."""
    ticket = followed(session, number)
    if ticket is None:
        return None
    return session.exec(
        select(Conversation.thread)
        .join(Address, col(Conversation.address_id) == Address.id)
        .join(TicketConversation, col(TicketConversation.conversation_id) == Conversation.id)
        .where(
            TicketConversation.ticket_id == ticket.id,
            Address.channel == channel,
            Address.account == account,
            Address.handle == handle,
        )
        .order_by(col(Conversation.id).desc())
        .limit(1)
    ).first()


def settled(session: Session, message_id: int) -> bool:
    """Whether an inbound message is worked off: handled, and nothing of its conversation on its way out."""
    message = session.get_one(Message, message_id)
    waiting = session.exec(
        select(Message.id).where(Message.conversation_id == message.conversation_id, IS_UNFINISHED).limit(1)
    ).first()
    return waiting is None


def counts(session: Session) -> dict[tuple[str, str], int]:
    """How many messages stand in each unfinished state, by (channel, state)."""
    rows = session.exec(
        select(Message.channel, Message.state, func.count())
        .where(IS_UNFINISHED)
        .group_by(col(Message.channel), col(Message.state))
    )
    return {(channel, str(state)): count for channel, state, count in rows}


def _at(session: Session, channel: str, place: Place) -> Conversation | None:
    return session.exec(
        select(Conversation)
        .join(Address, col(Conversation.address_id) == Address.id)
        .where(
            Address.channel == channel,
            Address.account == place.account,
            Address.handle == place.handle,
            Conversation.thread == place.thread,
        )
    ).first()


def with_files(session: Session, messages: Sequence[Message]) -> list[Said]:
    """The messages, each with its files."""
    files: dict[int, list[File]] = {}
    ids = [message.id for message in messages]
    for file in session.exec(select(File).where(col(File.message_id).in_(ids)).order_by(col(File.id))):
        files.setdefault(file.message_id, []).append(file)
    return [Said(message, files.get(message.id, [])) for message in messages]


def file_of_ticket(session: Session, number: str, file_id: int) -> File:
    """A file of the ticket's conversations. Raises `NotFound`, also for a file of any other."""
    ticket = find(session, number)
    ids = select(TicketConversation.conversation_id).where(TicketConversation.ticket_id == ticket.id)
    wanted = select(File).where(File.id == file_id, col(File.conversation_id).in_(ids))
    found = session.exec(wanted).first() if 0 < file_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"{number} has no file {file_id}")
    return found


def original(session: Session, number: str, message_id: int) -> Original:
    """A message of the ticket's conversations as it came. Raises `NotFound`, also for a message of any other."""
    ticket = find(session, number)
    ids = select(TicketConversation.conversation_id).where(TicketConversation.ticket_id == ticket.id)
    wanted = select(Message).where(Message.id == message_id, col(Message.conversation_id).in_(ids))
    found = session.exec(wanted).first() if 0 < message_id <= LARGEST_ID else None
    if found is None:
        raise NotFound(f"{number} has no message {message_id}")
    raw = {name: value for name, value in found.raw.items() if name not in {BESIDE, WHOLE}}
    return Original(found.raw.get(WHOLE, found.text), raw)
