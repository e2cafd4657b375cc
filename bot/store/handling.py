"""What an agent does with a ticket: takes it, answers, notes, gives it back.

With every change of who answers a conversation, its epoch rises by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from bot.errors import Refused
from bot.store.settling import settle
from bot.store.tables import Conversation, Status, Ticket, TicketState
from bot.store.ticketing import OVER, Notice, add_event, change_owner, find, locked, say
from channels.words import Author, Owner


def take(session: Session, number: str, agent: str, notice: Notice, now: datetime) -> Sequence[Conversation]:
    """Makes `agent` the owner of the ticket's conversations and tells their user with `notice`.

    Raises `Refused` where another agent is the owner, or the ticket is over.
    """
    ticket, found = locked(session, number)
    if ticket.state in OVER:
        raise Refused(f"{ticket.number} is {ticket.state.value}")
    if ticket.assignee and ticket.assignee != agent:
        raise Refused(f"{ticket.number} is with {ticket.assignee}")
    if ticket.assignee == agent:
        return found
    ticket.assignee, ticket.state = agent, TicketState.OPEN
    for conversation in found:
        change_owner(conversation, Owner.AGENT)
    _tell(session, found, agent, notice, now)
    add_event(session, ticket, agent, "taken", now)
    return found


def reply(
    session: Session, number: str, agent: str, text: str, notice: Notice, now: datetime
) -> Sequence[Conversation]:
    """Takes the ticket and queues an agent's answer on its newest conversation; the ticket then waits for the user."""
    found = take(session, number, agent, notice, now)
    message = say(session, found[-1], Author.AGENT, agent, text, now)
    ticket = find(session, number)
    ticket.first_response_at = ticket.first_response_at or now
    ticket.state = TicketState.PENDING
    found[-1].status = Status.WAITING
    add_event(session, ticket, agent, "replied", now, message=message.id)
    return found


def note(session: Session, number: str, agent: str, text: str, now: datetime) -> None:
    """Writes down what only agents see."""
    ticket = find(session, number)
    add_event(session, ticket, agent, "note", now, text=text)


def hand_back(session: Session, number: str, agent: str, kind: str, notice: Notice, now: datetime) -> None:
    """The bot answers again. `kind` is "solved", which ends the ticket, or "released", which leaves it to anybody.

    Released, it waits for the user, or is new again if no agent answered. Raises `Refused` where the ticket is over.
    """
    ticket, found = locked(session, number)
    if ticket.state in OVER:
        raise Refused(f"{ticket.number} is already {ticket.state.value}")
    ticket.assignee = None if kind == "released" else ticket.assignee
    ticket.state = _waiting(ticket) if kind == "released" else TicketState.SOLVED
    ticket.solved_at = now if kind == "solved" else None
    for conversation in found:
        change_owner(conversation, Owner.BOT)
        conversation.dialogue = {}
        conversation.status = Status.CLOSED if kind == "solved" else Status.WAITING
        if kind == "solved":
            settle(session, conversation.id, now, solved=True)
    _tell(session, found, agent, notice, now)
    add_event(session, ticket, agent, kind, now)


def _tell(session: Session, found: Sequence[Conversation], agent: str, notice: Notice, now: datetime) -> None:
    """Tells the person who answers now, where the conversation went on last."""
    say(session, found[-1], Author.SYSTEM, agent, notice(found[-1].language), now)


def _waiting(ticket: Ticket) -> TicketState:
    return TicketState.PENDING if ticket.first_response_at else TicketState.NEW
