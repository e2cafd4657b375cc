"""What an agent does with a ticket: takes it, answers, notes, gives it back.

With every change of who answers a conversation, its epoch rises by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from bot.errors import Refused
from bot.store.inbox import KeptFile, add_files
from bot.store.mentions import mention
from bot.store.settling import settle
from bot.store.tables import Address, Conversation, Status, Ticket, TicketState
from bot.store.ticketing import (
    Notice,
    add_event,
    change_owner,
    conversations,
    find,
    locked,
    open_tickets,
    refuse_over,
    say,
)
from channels.words import Author, Owner, Place


def place(session: Session, number: str) -> tuple[str, Place]:
    """Where an answer to the ticket goes: the channel's name, and the place. Raises `NotFound` and `Refused`."""
    ticket = find(session, number)
    refuse_over(session, ticket)
    newest = conversations(session, ticket)[-1]
    handle = session.get_one(Address, newest.address_id).handle
    return newest.channel, Place(account=newest.account, handle=handle, thread=newest.thread, public=newest.public)


@dataclass(frozen=True, slots=True)
class Replied:
    """What an answer wrote: the conversations taken with it, and the answer's id."""

    taken: Sequence[Conversation]
    message_id: int


def take(session: Session, number: str, agent: str, notice: Notice, now: datetime) -> Sequence[Conversation]:
    """Makes `agent` the owner of the ticket's conversations and tells their user with `notice`.

    Raises `Refused` where another agent is the owner, or the ticket is over.
    """
    ticket, found = locked(session, number)
    refuse_over(session, ticket)
    if ticket.assignee and ticket.assignee != agent:
        raise Refused(f"{ticket.number} is with {ticket.assignee}")
    if ticket.assignee == agent:
        return found
    ticket.assignee, ticket.state = agent, TicketState.OPEN
    for conversation in found:
        change_owner(conversation, Owner.AGENT)
    tell(session, found, agent, notice, now)
    add_event(session, ticket, agent, "taken", now)
    return found


def reply(
    session: Session,
    number: str,
    agent: str,
    text: str,
    notice: Notice,
    now: datetime,
    files: Sequence[KeptFile] = (),
    hold: timedelta = timedelta(0),
) -> Replied:
    """Takes the ticket and queues an agent's answer on its newest conversation; the ticket then waits for the user.

    For as long as `hold` it is not sent, and `unsending.undo_reply` can take it back.
    """
    found = take(session, number, agent, notice, now)
    message = say(session, found[-1], Author.AGENT, agent, text, now)
    message.due_at = now + hold
    add_files(session, message.id, message.conversation_id, files)
    ticket = find(session, number)
    before = held(ticket) if hold else {}
    ticket.first_response_at = ticket.first_response_at or now
    ticket.state, ticket.waiting_since = TicketState.PENDING, None
    found[-1].status = Status.WAITING
    add_event(session, ticket, agent, "replied", now, message=message.id, **before)
    return Replied(found, message.id)


def held(ticket: Ticket) -> dict[str, Any]:
    """What taking an answer back brings back, for its line."""
    since = ticket.waiting_since
    return {
        "state": ticket.state.value,
        "waiting_since": since.isoformat() if since else None,
        "first": ticket.first_response_at is None,
    }


def note(session: Session, number: str, agent: str, text: str, now: datetime) -> None:
    """Writes down what only agents see, and for whom it names with an @ before it."""
    ticket = find(session, number)
    line = add_event(session, ticket, agent, "note", now, text=text)
    mention(session, line, text, now)


def hand_back(session: Session, number: str, agent: str, kind: str, notice: Notice, now: datetime) -> None:
    """The bot answers again. `kind` is "solved", which ends the ticket, or "released", which leaves it to anybody.

    Released, it waits for the user, or is new again if no agent answered. A conversation that another open ticket is
    about stays with whoever has that one. Raises `Refused` where the ticket is over, naming who solved it.
    """
    ticket, found = locked(session, number)
    refuse_over(session, ticket)
    ticket.assignee = None if kind == "released" else ticket.assignee
    ticket.state = _waiting(ticket) if kind == "released" else TicketState.SOLVED
    ticket.solved_at = now if kind == "solved" else None
    if ticket.state is not TicketState.NEW:
        ticket.waiting_since = None
    for conversation in found:
        if not _kept(session, conversation, ticket, kind):
            _leave(session, conversation, kind, now)
    tell(session, found, agent, notice, now)
    add_event(session, ticket, agent, kind, now)


def _kept(session: Session, conversation: Conversation, ticket: Ticket, kind: str) -> bool:
    """Whether a human goes on answering, on another ticket about the conversation."""
    others = open_tickets(session, conversation.id, but=ticket)
    if any(other.assignee for other in others):
        change_owner(conversation, Owner.AGENT)
        return True
    if others and kind == "solved" and conversation.owner is not Owner.BOT:
        change_owner(conversation, Owner.QUEUE)
        return True
    return False


def _leave(session: Session, conversation: Conversation, kind: str, now: datetime) -> None:
    change_owner(conversation, Owner.BOT)
    conversation.dialogue = {}
    conversation.status = Status.CLOSED if kind == "solved" else Status.WAITING
    if kind == "solved":
        settle(session, conversation.id, now, solved=True)


def tell(session: Session, found: Sequence[Conversation], agent: str, notice: Notice, now: datetime) -> None:
    """Tells the person who answers now, where the conversation went on last."""
    say(session, found[-1], Author.SYSTEM, agent, notice(found[-1].language), now)


def _waiting(ticket: Ticket) -> TicketState:
    return TicketState.PENDING if ticket.first_response_at else TicketState.NEW
