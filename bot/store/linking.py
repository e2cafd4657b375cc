"""What tickets are to each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from bot.errors import NotFound, Refused
from bot.store.tables import Ticket
from bot.store.ticketing import add_event, find, lock
from bot.store.ticketing_tables import LinkKind, TicketLink

#: These hold in both directions.
MUTUAL = (LinkKind.RELATED, LinkKind.DUPLICATE)


@dataclass(frozen=True, slots=True)
class Linked:
    """A ticket that another is linked with. `reverse`: it is that one which follows this, or causes it."""

    kind: LinkKind
    number: str
    title: str
    reverse: bool


def link(session: Session, number: str, other: str, kind: LinkKind, agent: str, now: datetime) -> None:
    """`number` is `kind` to `other`; a line on both. Raises `NotFound`, and `Refused` where it is so already."""
    first, second = _two(session, number, other)
    if _found(session, first, second, kind):
        raise Refused(f"{first.number} and {second.number} are linked so already")
    session.add(TicketLink(ticket_id=first.id, other_id=second.id, kind=kind, agent=agent, created_at=now))
    _tell(session, first, second, "linked", kind, agent, now)


def unlink(session: Session, number: str, other: str, kind: LinkKind, agent: str, now: datetime) -> None:
    """Takes the link away; a line on both. Raises `NotFound` where there is none."""
    first, second = _two(session, number, other)
    found = _found(session, first, second, kind)
    if found is None:
        raise NotFound(f"{first.number} and {second.number} are not linked so")
    session.delete(found)
    _tell(session, first, second, "unlinked", kind, agent, now)


def links_of(session: Session, ticket: Ticket) -> list[Linked]:
    """What the ticket is linked with, oldest link first."""
    rows = session.exec(
        select(TicketLink, Ticket)
        .join(Ticket, or_(col(TicketLink.other_id) == Ticket.id, col(TicketLink.ticket_id) == Ticket.id))
        .where(or_(TicketLink.ticket_id == ticket.id, TicketLink.other_id == ticket.id), Ticket.id != ticket.id)
        .order_by(col(TicketLink.id))
    )
    return [
        Linked(row.kind, other.number, other.title, row.kind not in MUTUAL and row.other_id == ticket.id)
        for row, other in rows
    ]


def _two(session: Session, number: str, other: str) -> tuple[Ticket, Ticket]:
    first, second = find(session, number), find(session, other)
    if first.id == second.id:
        raise Refused(f"{first.number} cannot be linked with itself")
    lock(session, sorted([first.id, second.id]))
    return first, second


def _found(session: Session, first: Ticket, second: Ticket, kind: LinkKind) -> TicketLink | None:
    there = (TicketLink.ticket_id == first.id) & (TicketLink.other_id == second.id)
    back = (TicketLink.ticket_id == second.id) & (TicketLink.other_id == first.id)
    wanted = or_(there, back) if kind in MUTUAL else there
    return session.exec(select(TicketLink).where(TicketLink.kind == kind, wanted)).first()


def _tell(
    session: Session, first: Ticket, second: Ticket, what: str, kind: LinkKind, agent: str, now: datetime
) -> None:
    add_event(session, first, agent, what, now, link=kind.value, other=second.number)
    add_event(session, second, agent, what, now, link=kind.value, other=first.number, reverse=kind not in MUTUAL)
