"""The queue and the desk as routing sees them, and a ticket's way from one to the other and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_
from sqlalchemy import select as select_row
from sqlmodel import Session, col, select

from bot.errors import Refused
from bot.store import presence, ticketing
from bot.store.agent_tables import Agent, Presence
from bot.store.attendance_tables import Attendance
from bot.store.presence import Patience
from bot.store.tables import (
    Address,
    Contact,
    Conversation,
    Moment,
    Ticket,
    TicketConversation,
    TicketEvent,
    TicketState,
)
from bot.store.ticketing import FRONTDESK, OVER, Notice
from channels.words import Author, Owner

#: States of a ticket that wait for an agent.
OURS = (TicketState.NEW, TicketState.OPEN)

#: Why a ticket was taken from an agent who was there.
LATE = ("unanswered", "breached")

#: Lines that may say what the user heard last of who answers.
SAID = ("returned", "replied")


@dataclass(frozen=True, slots=True)
class Queued:
    """A ticket that waits for an agent to answer it."""

    id: int
    number: str
    title: str
    priority: str
    tier: str
    category: str
    team: str
    language: str
    #: Since when its user waits for us.
    since: datetime
    #: Its user's, as the company vouches for them.
    attributes: Mapping[str, Any]
    #: Who had it and did not answer.
    passed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AtDesk:
    """An agent with what they have to do."""

    agent: Agent
    #: Tickets that wait for them; not those that wait for their user or for somebody else.
    load: int
    given_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stranded:
    """A ticket whose agent is not there. `why`: removed, offline, away, or unanswered."""

    number: str
    agent: str
    why: str


def queue(session: Session) -> list[Queued]:
    """Every ticket that waits for somebody to take it, oldest first."""
    since = func.coalesce(Ticket.waiting_since, Ticket.created_at, type_=Moment)
    wanted: list[Any] = [
        *(Ticket.id, Ticket.number, Ticket.title, Ticket.priority, Ticket.tier),
        *(Ticket.category, Ticket.team, Ticket.language, since, Contact.attributes),
    ]
    rows: Iterable[Any] = session.connection().execute(
        select_row(*wanted)
        .join(TicketConversation, col(TicketConversation.ticket_id) == Ticket.id)
        .join(Conversation, col(TicketConversation.conversation_id) == Conversation.id)
        .join(Address, col(Conversation.address_id) == Address.id)
        .join(Contact, col(Address.contact_id) == Contact.id)
        .where(col(Ticket.state).in_(OURS), col(Ticket.assignee).is_(None), col(Conversation.owner) == Owner.QUEUE)
        .order_by(col(Ticket.id), col(Conversation.id))
    )
    passed = _passed(session)
    found = [Queued(*row) for row in rows]
    # Of several conversations the newest says whose it is.
    newest = {ticket.id: ticket for ticket in found}.values()
    return [replace(ticket, passed=passed[ticket.id]) if ticket.id in passed else ticket for ticket in newest]


def desk(session: Session) -> list[AtDesk]:
    """Who works there, by name."""
    load = (
        select(Ticket.assignee, func.count().label("load"))
        .where(col(Ticket.state).in_(OURS), col(Ticket.assignee).is_not(None))
        .group_by(col(Ticket.assignee))
        .subquery()
    )
    rows = session.exec(
        select(Agent, func.coalesce(load.c.load, 0), Attendance.given_at)
        .outerjoin(load, load.c.assignee == Agent.name)
        .outerjoin(Attendance, col(Attendance.agent_id) == Agent.id)
        .where(col(Agent.removed_at).is_(None))
        .order_by(Agent.name)
    )
    return [AtDesk(*row) for row in rows]


def assign(session: Session, number: str, name: str, notice: Notice, now: datetime) -> Sequence[Conversation]:
    """Gives a ticket of the queue to an agent, as if they had taken it, and tells its user with `notice`.

    Raises `Refused` where the ticket is not in the queue any more, or the agent is not there or has no room; nothing
    is written then. Of several processes one gives it.
    """
    # The agent first, then conversations, then the ticket, as whoever gives tickets back does.
    agent = presence.agent_named(session, name)
    ticket, found = ticketing.locked(session, number)
    if ticket.state not in OURS or ticket.assignee or all(talk.owner is not Owner.QUEUE for talk in found):
        raise Refused(f"{ticket.number} is not in the queue any more")
    if agent.presence is not Presence.ONLINE or _load(session, name) >= agent.capacity:
        raise Refused(f"{name} is {agent.presence.value} or has no room")
    ticket.assignee, ticket.state = name, TicketState.OPEN
    for conversation in found:
        ticketing.change_owner(conversation, Owner.AGENT)
    ticketing.say(session, found[-1], Author.SYSTEM, name, notice(found[-1].language), now)
    presence.given(session, agent, now)
    ticketing.add_event(session, ticket, FRONTDESK, "assigned", now, **{"from": None, "to": name})
    return found


def stranded(session: Session, patience: Patience, now: datetime) -> list[Stranded]:
    """Tickets that wait for an agent who is not there, oldest first.

    What waits for its user or is on hold stays until the user writes; on hold it does not stay with an agent who was
    removed. Names that are no agent of the desk (staff rooms, the command line) are always there.
    """
    gone = or_(
        col(Agent.removed_at).is_not(None),
        col(Agent.presence) == Presence.OFFLINE,
        and_(col(Agent.presence) == Presence.AWAY, col(Agent.presence_at) <= now - patience.back),
    )
    held = and_(col(Ticket.state) == TicketState.ON_HOLD, col(Agent.removed_at).is_not(None))
    rows = session.exec(
        select(Ticket.number, Agent)
        .join(Agent, col(Agent.name) == Ticket.assignee)
        .where(gone, or_(col(Ticket.state).in_(OURS), held))
        .order_by(col(Ticket.id))
    )
    away = [Stranded(number, agent.name, _why(agent)) for number, agent in rows]
    return away + (_unanswered(session, now - patience.answer) if patience.answer else [])


def give_back(session: Session, number: str, name: str, why: str, notice: Notice, now: datetime) -> bool:
    """Puts the ticket of an agent back in the queue; whether it was theirs to be put back.

    Its user is told with `notice` that somebody else will answer, once until somebody has.
    """
    ticket, found = ticketing.locked(session, number)
    if ticket.assignee != name or ticket.state in (*OVER, TicketState.PENDING):
        return False
    told = not _told(session, ticket)
    ticket.assignee = None
    ticket.state = TicketState.OPEN if ticket.first_response_at else TicketState.NEW
    ticket.waiting_since = ticket.waiting_since or now
    for conversation in found:
        if not _with_another(session, conversation, ticket):
            ticketing.change_owner(conversation, Owner.QUEUE)
    if told and found:
        ticketing.say(session, found[-1], Author.SYSTEM, "", notice(found[-1].language), now)
    ticketing.add_event(session, ticket, FRONTDESK, "returned", now, agent=name, reason=why, told=told)
    return True


def give_back_all(
    session: Session, name: str, why: str, notice_for: Callable[[str], Notice], now: datetime
) -> list[str]:
    """Puts everything that waits for an agent back in the queue; the numbers of it.

    `notice_for` makes the notice of `give_back` from a ticket's number.
    """
    mine = select(Ticket).where(Ticket.assignee == name, col(Ticket.state).in_(OURS)).order_by(col(Ticket.id))
    tickets = session.exec(mine).all()
    # All of them before the first ticket: whoever holds one of several waits for none that is held here.
    session.exec(
        select(Conversation)
        .join(TicketConversation)
        .where(col(TicketConversation.ticket_id).in_([ticket.id for ticket in tickets]))
        .order_by(col(Conversation.id))
        .with_for_update(of=Conversation)
    ).all()
    numbers = [ticket.number for ticket in tickets]
    return [number for number in numbers if give_back(session, number, name, why, notice_for(number), now)]


def _passed(session: Session) -> dict[int, frozenset[str]]:
    rows = session.exec(
        select(TicketEvent.ticket_id, TicketEvent.detail)
        .join(Ticket, col(TicketEvent.ticket_id) == Ticket.id)
        .where(col(Ticket.state).in_(OURS), col(Ticket.assignee).is_(None), TicketEvent.kind == "returned")
    )
    found: dict[int, frozenset[str]] = {}
    for ticket_id, detail in rows:
        if detail["reason"] in LATE:
            found[ticket_id] = found.get(ticket_id, frozenset()) | {detail["agent"]}
    return found


def _with_another(session: Session, conversation: Conversation, but: Ticket) -> bool:
    """Whether an agent answers there on another ticket."""
    wanted = (
        select(Ticket.id)
        .join(TicketConversation)
        .where(
            TicketConversation.conversation_id == conversation.id,
            Ticket.id != but.id,
            col(Ticket.state).not_in(OVER),
            col(Ticket.assignee).is_not(None),
        )
        .limit(1)
    )
    return session.exec(wanted).first() is not None


def _load(session: Session, name: str) -> int:
    wanted = select(func.count()).where(Ticket.assignee == name, col(Ticket.state).in_(OURS))
    return session.exec(wanted.select_from(Ticket)).one()


def _unanswered(session: Session, before: datetime) -> list[Stranded]:
    """Those given to an agent of the desk before then, and not touched since by anybody."""
    rows = session.exec(
        select(Ticket.number, Agent.name, Ticket.id)
        .join(Agent, col(Agent.name) == Ticket.assignee)
        .where(Ticket.state == TicketState.OPEN, Agent.presence == Presence.ONLINE, col(Agent.removed_at).is_(None))
        .order_by(col(Ticket.id))
    ).all()
    found = []
    for number, name, ticket_id in rows:
        last = session.exec(
            select(TicketEvent)
            .where(
                TicketEvent.ticket_id == ticket_id,
                or_(col(TicketEvent.actor) == name, col(TicketEvent.kind) == "assigned"),
            )
            .order_by(col(TicketEvent.id).desc())
            .limit(1)
        ).first()
        if last and last.kind == "assigned" and last.actor != name and last.at <= before:
            found.append(Stranded(number, name, "unanswered"))
    return found


def _why(agent: Agent) -> str:
    return "removed" if agent.removed_at else agent.presence.value


def _told(session: Session, ticket: Ticket) -> bool:
    """Whether the last the user heard is that somebody else will answer."""
    lines = session.exec(
        select(TicketEvent.kind, TicketEvent.detail)
        .where(TicketEvent.ticket_id == ticket.id, col(TicketEvent.kind).in_(SAID))
        .order_by(col(TicketEvent.id).desc())
    )
    heard = (kind for kind, detail in lines if kind == "replied" or detail["told"])
    return next(heard, "") == "returned"
