"""What an entry of the search belongs to: the ticket it was said under, or a conversation that has none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.store.search_tables import Source
from bot.store.tables import Conversation, Ticket, TicketConversation

#: Tickets of one address.
MOST_TICKETS = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as the search finds it; `at` is its time, by the millisecond."""

    id: int
    kind: Source
    source_id: int
    about_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A ticket, or where there is none a conversation."""

    ticket_id: int | None
    conversation_id: int | None = None

    def __str__(self) -> str:
        return f"c{self.conversation_id}" if self.ticket_id is None else f"t{self.ticket_id}"


def places(session: Session, entries: Sequence[Entry]) -> list[tuple[Entry, Place]]:
    """Each entry with each place it belongs to; an address belongs to the newest tickets of its conversations."""
    spoken = _tickets(session, {entry.about_id for entry in entries if entry.kind is Source.MESSAGE})
    known = _of_addresses(session, {entry.about_id for entry in entries if entry.kind is Source.ADDRESS})
    return [(entry, place) for entry in entries for place in _places(entry, spoken, known)]


def _places(
    entry: Entry, spoken: Mapping[int, Sequence[tuple[int, datetime | None]]], known: Mapping[int, Sequence[int]]
) -> list[Place]:
    if entry.kind is Source.ADDRESS:
        return [Place(ticket) for ticket in known.get(entry.about_id, ())]
    if entry.kind is not Source.MESSAGE:
        return [Place(entry.about_id)]
    tickets = spoken.get(entry.about_id)
    return [Place(_then(tickets, entry.at)) if tickets else Place(None, entry.about_id)]


def _then(tickets: Sequence[tuple[int, datetime | None]], at: datetime) -> int:
    """The first that was not solved before, as what was said before a ticket led to it; else the last."""
    return next((ticket for ticket, solved in tickets if solved is None or solved >= at), tickets[-1][0])


def _tickets(session: Session, conversations: Collection[int]) -> Mapping[int, Sequence[tuple[int, datetime | None]]]:
    """The tickets of each conversation and when they were solved, oldest first."""
    rows = session.exec(
        select(TicketConversation.conversation_id, Ticket.id, Ticket.solved_at)
        .join(Ticket, col(TicketConversation.ticket_id) == Ticket.id)
        .where(col(TicketConversation.conversation_id).in_(conversations))
        .order_by(col(Ticket.id))
    )
    found: defaultdict[int, list[tuple[int, datetime | None]]] = defaultdict(list)
    for conversation, ticket, solved in rows:
        found[conversation].append((ticket, solved))
    return found


def _of_addresses(session: Session, addresses: Collection[int]) -> Mapping[int, Sequence[int]]:
    rows = session.exec(
        select(Conversation.address_id, TicketConversation.ticket_id)
        .join(TicketConversation, col(TicketConversation.conversation_id) == Conversation.id)
        .where(col(Conversation.address_id).in_(addresses))
        .distinct()
        .order_by(col(TicketConversation.ticket_id).desc())
    )
    found: defaultdict[int, list[int]] = defaultdict(list)
    for address, ticket in rows:
        if len(found[address]) < MOST_TICKETS:
            found[address].append(ticket)
    return found
