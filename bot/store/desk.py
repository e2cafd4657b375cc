"""What the desk's stream asks every moment: what changed, and who else is at a ticket."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from sqlmodel import Session, col, delete, func, select

from bot.errors import NotFound
from bot.store.desk_tables import Looking
from bot.store.linking import Linked, links_of
from bot.store.opening import OpenTicket, open_ticket
from bot.store.rating_tables import Rating
from bot.store.ratings import rating_of
from bot.store.tables import Message, Ticket, TicketConversation, TicketEvent, TicketState
from bot.store.ticketing import find
from bot.store.ticketing_tables import Correction

#: Seconds since the last sign of an agent who has a ticket open, and since the last stroke of one who writes.
LOOKS_FOR, WRITES_FOR = timedelta(seconds=20), timedelta(seconds=8)


@dataclass(frozen=True, slots=True)
class Before:
    """Ids that messages and lines of a timeline lie below; None for the newest."""

    message: int | None = None
    event: int | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket as an agent opens it."""

    open: OpenTicket
    mark: str
    looking: Sequence[Looking]
    linked: Sequence[Linked] = ()
    #: The number of the ticket that goes on in its place.
    merged_into: str = ""
    #: Intents agents corrected, by message.
    corrected: Mapping[int, str] = field(default_factory=dict)
    #: What the user said of the help; None where nothing was.
    rating: Rating | None = None


def open_for(session: Session, number: str, agent: str, before: Before, limit: int, now: datetime) -> Opened:
    """The newest `limit` messages of the ticket and lines of its timeline, or those `before`. Raises `NotFound`."""
    look(session, number, agent, now, writing=False)
    session.flush()
    opened = open_ticket(session, number, before.message, before.event, limit)
    ticket = opened.ticket
    into = session.get_one(Ticket, ticket.merged_into_id).number if ticket.merged_into_id else ""
    return Opened(
        opened,
        mark(session, ticket.number, now),
        looking(session, ticket.id, agent, now),
        links_of(session, ticket),
        into,
        _corrected(session, [line.message.id for line in opened.said]),
        rating_of(session, ticket.id),
    )


def _corrected(session: Session, ids: Sequence[int]) -> dict[int, str]:
    rows = session.exec(select(Correction).where(col(Correction.message_id).in_(ids)))
    return {row.message_id: row.intent for row in rows}


def last_event(session: Session) -> int:
    """The newest line of any timeline; 0 where there is none."""
    return session.exec(select(func.max(TicketEvent.id))).one() or 0


def mark(session: Session, number: str, now: datetime) -> str:
    """Differs whenever what is shown of the ticket does: its lines, its messages and what became of them, who is there.

    "" where there is no such ticket.
    """
    ticket = session.exec(select(Ticket).where(Ticket.number == number)).first()
    if ticket is None:
        return ""
    ids = select(TicketConversation.conversation_id).where(TicketConversation.ticket_id == ticket.id)
    said = session.exec(
        select(Message.state, func.count(), func.max(Message.id))
        .where(col(Message.conversation_id).in_(ids))
        .group_by(col(Message.state))
        .order_by(col(Message.state))
    ).all()
    line = session.exec(select(func.max(TicketEvent.id)).where(TicketEvent.ticket_id == ticket.id)).one()
    there = [(other.agent, other.writing_at is not None) for other in looking(session, ticket.id, "", now)]
    whole = repr((line, ticket.due_at, [tuple(map(str, row)) for row in said], there))
    return sha256(whole.encode()).hexdigest()[:16]


def marks(session: Session, numbers: Collection[str], now: datetime) -> Mapping[str, str]:
    """The `mark` of each ticket."""
    return {number: mark(session, number, now) for number in numbers}


def look(session: Session, number: str, agent: str, now: datetime, *, writing: bool) -> None:
    """The agent has the ticket open, and is `writing` an answer. Raises `NotFound`."""
    ticket = find(session, number)
    row = session.get(Looking, (ticket.id, agent)) or Looking(ticket_id=ticket.id, agent=agent, seen_at=now)
    row.seen_at = now
    row.writing_at = now if writing else row.writing_at
    session.add(row)


def wrote(session: Session, number: str, agent: str) -> None:
    """What the agent was writing is sent. Raises `NotFound`."""
    row = session.get(Looking, (find(session, number).id, agent))
    if row:
        row.writing_at = None


def leave(session: Session, number: str, agent: str, before: datetime) -> None:
    """The agent no longer has the ticket open, unless another page of theirs showed it since `before`."""
    try:
        ticket = find(session, number)
    except NotFound:
        return
    session.connection().execute(
        delete(Looking).where(
            col(Looking.ticket_id) == ticket.id, col(Looking.agent) == agent, col(Looking.seen_at) <= before
        )
    )


def looking(session: Session, ticket_id: int, but: str, now: datetime) -> Sequence[Looking]:
    """Agents other than `but` who have the ticket open; `writing_at` is None for who does not write now."""
    rows = session.exec(
        select(Looking)
        .where(Looking.ticket_id == ticket_id, Looking.agent != but, col(Looking.seen_at) > now - LOOKS_FOR)
        .order_by(col(Looking.agent))
    ).all()
    return [row if _writes(row, now) else row.model_copy(update={"writing_at": None}) for row in rows]


def oldest(session: Session, agent: str) -> str | None:
    """The ticket whose user has waited for an answer longest, of those the agent has or anybody may take."""
    waits = func.coalesce(Ticket.waiting_since, Ticket.created_at)
    return session.exec(
        select(Ticket.number)
        .where(
            col(Ticket.state).in_((TicketState.NEW, TicketState.OPEN)),
            (col(Ticket.assignee).is_(None)) | (Ticket.assignee == agent),
        )
        .order_by(waits, col(Ticket.id))
        .limit(1)
    ).first()


def _writes(row: Looking, now: datetime) -> bool:
    return row.writing_at is not None and row.writing_at > now - WRITES_FOR
