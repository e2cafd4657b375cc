"""A ticket as the desk opens it: the newest of what was said and done, and the rest as one asks for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from bot.store.rows import BESIDE, WHOLE
from bot.store.tables import Address, Contact, Conversation, File, Message, Ticket, TicketConversation, TicketEvent
from bot.store.ticketing import find
from channels.words import Owner

#: Messages, or lines of the timeline, at a time at most.
LONGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A message with its files; its payload, `raw`, is not read."""

    message: Message
    files: Sequence[File]
    #: What an agent is shown beside the text, by name.
    beside: Mapping[str, str]
    #: Whether the text leaves something out that `reading.original` has.
    shortened: bool


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A ticket with all that is known of its user, the newest messages and the newest lines of its timeline.

    Both oldest first; `before` and `events_before` are what to ask for the ones before with, None where there are none.
    """

    ticket: Ticket
    #: Both None where another ticket has taken its conversations over.
    owner: Owner | None
    contact: Contact | None
    conversations: Sequence[Conversation]
    addresses: Sequence[Address]
    said: Sequence[Line]
    before: int | None
    events: Sequence[TicketEvent]
    events_before: int | None


def open_ticket(
    session: Session, number: str, before: int | None = None, events_before: int | None = None, limit: int = 50
) -> OpenTicket:
    """Up to `limit` messages with ids below `before`, and as many lines below `events_before`. Raises `NotFound`."""
    ticket = find(session, number)
    limit = max(1, min(limit, LONGEST_PAGE))
    rows = session.exec(
        select(Conversation, Address, Contact)
        .join(TicketConversation, col(TicketConversation.conversation_id) == Conversation.id)
        .join(Address, col(Conversation.address_id) == Address.id)
        .join(Contact, col(Address.contact_id) == Contact.id)
        .where(TicketConversation.ticket_id == ticket.id)
        .order_by(col(Conversation.id))
    ).all()
    said, more = lines(session, [conversation.id for conversation, _, _ in rows], before, limit)
    events, earlier = _events(session, ticket.id, events_before, limit)
    return OpenTicket(
        ticket=ticket,
        owner=rows[-1][0].owner if rows else None,
        contact=rows[-1][2] if rows else None,
        conversations=[conversation for conversation, _, _ in rows],
        addresses=list({address.id: address for _, address, _ in rows}.values()),
        said=said,
        before=said[0].message.id if more else None,
        events=events,
        events_before=events[0].id if earlier else None,
    )


def lines(
    session: Session, conversations: Collection[int], before: int | None, limit: int
) -> tuple[Sequence[Line], bool]:
    """The newest `limit` messages below `before`, oldest first, and whether there are more."""
    found = [row for number in conversations for row in _newest(session, number, before, limit + 1)]
    found.sort(key=lambda row: row[0].id, reverse=True)
    rows = found[:limit][::-1]
    files = _files(session, [message.id for message, _, _ in rows])
    said = [Line(message, files.get(message.id, ()), beside or {}, whole) for message, beside, whole in rows]
    return said, len(found) > limit


def _newest(session: Session, conversation_id: int, before: int | None, limit: int) -> Sequence[Any]:
    """Of one conversation, as only there an index has them in their order."""
    wanted = (
        select(Message, col(Message.raw)[BESIDE], col(Message.raw)[WHOLE].as_string().is_not(None))
        .options(defer(Message.raw, raiseload=True))  # type: ignore[arg-type]  # SQLModel's types name the value
        .where(Message.conversation_id == conversation_id)
        .order_by(col(Message.id).desc())
        .limit(limit)
    )
    return session.exec(wanted.where(col(Message.id) < before) if before else wanted).all()


def _files(session: Session, ids: Sequence[int]) -> dict[int, list[File]]:
    found: defaultdict[int, list[File]] = defaultdict(list)
    for file in session.exec(select(File).where(col(File.message_id).in_(ids)).order_by(col(File.id))):
        found[file.message_id].append(file)
    return found


def _events(session: Session, ticket_id: int, before: int | None, limit: int) -> tuple[Sequence[TicketEvent], bool]:
    wanted = select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(col(TicketEvent.id).desc())
    rows = session.exec((wanted.where(col(TicketEvent.id) < before) if before else wanted).limit(limit + 1)).all()
    return rows[:limit][::-1], len(rows) > limit
