"""What people change on a ticket besides answering it: its fields, who has it, what it waits for, whether it is open.

Each is one line of the timeline, with what was before. All raise `NotFound`, and `Refused` where the ticket is over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bot.errors import Refused
from bot.store.agent_tables import Agent, Token
from bot.store.handling import tell
from bot.store.settling import settle
from bot.store.tables import Conversation, Ticket, TicketState
from bot.store.ticketing import (
    FRONTDESK,
    OVER,
    Notice,
    add_event,
    change_owner,
    locked,
    open_tickets,
    refuse_over,
)
from channels.words import Owner


def change(session: Session, number: str, agent: str, wanted: Mapping[str, Any], now: datetime) -> None:
    """Writes `wanted`, by the names of `Ticket`; what is so already is no change. A solved ticket can be changed."""
    ticket, _ = locked(session, number)
    if ticket.state is TicketState.CLOSED:
        refuse_over(session, ticket)
    for name, value in wanted.items():
        before = getattr(ticket, name)
        if value != before:
            setattr(ticket, name, value)
            add_event(session, ticket, agent, "changed", now, what=name, **{"from": before, "to": value})


def assign(
    session: Session, number: str, agent: str, to: str | None, notice: Notice, now: datetime
) -> Sequence[Conversation]:
    """`to` answers from here on, and the user is told so with `notice`; with None the ticket goes back to the queue.

    Raises `Refused` also where `to` has it already, is nobody who works here, or works here no more. Whoever assigns
    a ticket to themselves is known enough.
    """
    to = to or None
    ticket, found = locked(session, number)
    refuse_over(session, ticket)
    if ticket.assignee == to:
        raise Refused(f"{ticket.number} is with {to} already" if to else f"{ticket.number} is in the queue already")
    if to and to != agent:
        _check_works_here(session, to)
    before, ticket.assignee = ticket.assignee, to
    if to and ticket.state is TicketState.NEW:
        ticket.state = TicketState.OPEN
    for conversation in found:
        others = open_tickets(session, conversation.id, but=ticket)
        held = to or any(other.assignee for other in others)
        change_owner(conversation, Owner.AGENT if held else Owner.QUEUE)
    if to:
        tell(session, found, to, notice, now)
    add_event(session, ticket, agent, "assigned", now, **{"from": before, "to": to})
    return found


def wait(session: Session, number: str, agent: str, state: TicketState, now: datetime) -> None:
    """The ticket waits for somebody else (`ON_HOLD`) or for the user (`PENDING`); the user's next message opens it."""
    ticket, _ = locked(session, number)
    refuse_over(session, ticket)
    if ticket.state is state:
        raise Refused(f"{ticket.number} is {state.value.replace('_', ' ')} already")
    before, ticket.state, ticket.waiting_since = ticket.state, state, None
    add_event(session, ticket, agent, state.value, now, **{"from": before.value})


def reopen(session: Session, number: str, actor: str, notice: Notice, now: datetime) -> None:
    """A solved ticket goes back to the queue, and the user is told so. A closed one stays closed."""
    ticket, found = locked(session, number)
    if ticket.state is TicketState.CLOSED:
        refuse_over(session, ticket)
    if ticket.state not in OVER:
        raise Refused(f"{ticket.number} is open")
    for conversation in found:
        for other in open_tickets(session, conversation.id, but=ticket):
            raise Refused(f"{ticket.number} goes on as {other.number}, which is about the same conversation")
    ticket.state = TicketState.OPEN if ticket.first_response_at else TicketState.NEW
    ticket.assignee, ticket.solved_at, ticket.waiting_since = None, None, now
    for conversation in found:
        change_owner(conversation, Owner.QUEUE)
        settle(session, conversation.id, now, solved=False)
    tell(session, found, "", notice, now)
    add_event(session, ticket, actor, "reopened", now)


def close_old(session: Session, solved_before: datetime, now: datetime, limit: int) -> list[str]:
    """Closes tickets that were solved before then, for good; at most `limit`, their numbers."""
    old = session.exec(
        select(Ticket)
        .where(Ticket.state == TicketState.SOLVED, col(Ticket.solved_at) < solved_before)
        .order_by(col(Ticket.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for ticket in old:
        ticket.state = TicketState.CLOSED
        add_event(session, ticket, FRONTDESK, "closed", now)
    return [ticket.number for ticket in old]


def _check_works_here(session: Session, name: str) -> None:
    """Agents of the desk are known, and names that hold a key to the API."""
    if "\0" in name:
        # PostgreSQL refuses to be asked for it.
        raise Refused(f"nobody here is called {name!a}")
    found = session.exec(select(Agent).where(Agent.name == name)).first()
    if found and found.removed_at:
        raise Refused(f"{name} works here no more")
    holds = select(Token.id).where(Token.agent == name, col(Token.revoked_at).is_(None)).limit(1)
    if found is None and session.exec(holds).first() is None:
        raise Refused(f"nobody here is called {name}")
