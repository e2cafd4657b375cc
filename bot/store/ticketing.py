"""A ticket's life in the database: opened, taken, answered, solved, given back. Each change is a line of its timeline.

Who answers a conversation changes only here, and with every change the conversation's epoch rises by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from bot.errors import NotFound, Refused
from bot.store.settling import settle
from bot.store.tables import (
    Conversation,
    Message,
    MessageState,
    Status,
    Ticket,
    TicketConversation,
    TicketEvent,
    TicketState,
)
from channels.words import Author, Owner

#: Tickets in these states take no more work.
OVER = (TicketState.SOLVED, TicketState.CLOSED)

#: The first ticket has the number after this one, so that no customer is number 1.
FIRST_NUMBER = 1000

RANK = ("low", "normal", "high", "urgent")

#: What users are told, in the language of their conversation.
Notice = Callable[[str | None], str]


# Built once: every message that a human answers asks for it.
_OPEN = (
    select(Ticket)
    .join(TicketConversation)
    .where(TicketConversation.conversation_id == bindparam("conversation"), col(Ticket.state).not_in(OVER))
    .order_by(col(Ticket.id).desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Escalation:
    """Why and how a conversation goes to a human."""

    prefix: str
    title: str
    category: str
    priority: str
    #: human, unsure, unhelpful, risk, down, fault or policy.
    reason: str
    language: str
    #: Until the first answer of a human, as the user is told.
    promise: timedelta
    facts: Mapping[str, str] = field(default_factory=dict)
    tried: Sequence[str] = ()
    tier: str = ""


def ticket_of(session: Session, conversation_id: int) -> Ticket | None:
    """The newest ticket of the conversation that is not over."""
    return session.exec(_OPEN, params={"conversation": conversation_id}).first()


def escalate(session: Session, conversation: Conversation, escalation: Escalation, now: datetime) -> Ticket:
    """Puts the conversation in the queue, on its open ticket or a new one."""
    ticket = ticket_of(session, conversation.id)
    if ticket is None:
        ticket = _open(session, conversation, escalation, now)
        add_event(session, ticket, "bot", "opened", now, reason=escalation.reason)
    else:
        _renew(ticket, escalation, now)
        add_event(session, ticket, "bot", "escalated", now, reason=escalation.reason, category=escalation.category)
    change_owner(conversation, Owner.QUEUE)
    settle(session, conversation.id, now, solved=False)
    return ticket


def change_owner(conversation: Conversation, owner: Owner) -> None:
    """From here on `owner` answers; whatever another wrote before is overtaken."""
    if conversation.owner is not owner:
        conversation.owner = owner
        conversation.epoch += 1


def file_under(
    session: Session, conversation_id: int, message_id: int, now: datetime, *, redacted: bool = False
) -> None:
    """A user's message reached the ticket of its conversation, `redacted` where a secret was taken out of it."""
    ticket = ticket_of(session, conversation_id)
    if ticket is None:
        raise NotFound(f"conversation {conversation_id} is with a human but has no ticket")
    _hear_user(session, ticket, "message", message_id, now)
    if redacted:
        add_event(session, ticket, "frontdesk", "redacted", now, message=message_id)


def note_edit(session: Session, message: Message, kind: str, now: datetime) -> None:
    """Tells the ticket, where a human answers, that a user's message was changed or taken back: edited or deleted."""
    ticket = ticket_of(session, message.conversation_id)
    if ticket and session.get_one(Conversation, message.conversation_id).owner is not Owner.BOT:
        _hear_user(session, ticket, kind, message.id, now)


def note_delivery(session: Session, message: Message, kind: str, now: datetime) -> None:
    """Tells the ticket, where there is one, that a message was withheld, failed or is unknown, after how many parts.

    Word may come late: where no ticket is open any more it is told to the one that was when the message was written.
    """
    ticket = ticket_of(session, message.conversation_id) or _ticket_then(session, message)
    if ticket:
        detail = {"message": message.id, "error": message.error, "parts_sent": message.parts_sent}
        add_event(session, ticket, "frontdesk", kind, now, **detail)


def _ticket_then(session: Session, message: Message) -> Ticket | None:
    return session.exec(
        select(Ticket)
        .join(TicketConversation)
        .where(
            TicketConversation.conversation_id == message.conversation_id,
            col(Ticket.created_at) <= message.created_at,
            col(Ticket.solved_at) >= message.created_at,
        )
        .order_by(col(Ticket.id).desc())
        .limit(1)
    ).first()


def add_event(session: Session, ticket: Ticket, actor: str, kind: str, now: datetime, **detail: Any) -> None:
    """A line of the timeline. Among those of one ticket a later one never becomes visible before an earlier one."""
    ticket.updated_at = now
    # Locks the ticket before the line gets its id: whoever reads on from the last id seen would else pass one over.
    session.flush()
    session.add(TicketEvent(ticket_id=ticket.id, at=now, actor=actor, kind=kind, detail=detail))


def find(session: Session, number: str) -> Ticket:
    """The ticket people call `number`, in any case. Raises `NotFound`."""
    wanted = number.strip().upper()
    # What no ticket is called is not asked for: a database may refuse the characters themselves.
    named = wanted.isascii() and wanted.isprintable()
    ticket = session.exec(select(Ticket).where(Ticket.number == wanted)).first() if named else None
    if ticket is None:
        raise NotFound(f"there is no ticket {wanted!a}" if not named else f"there is no ticket {wanted}")
    return ticket


def conversations(session: Session, ticket: Ticket) -> Sequence[Conversation]:
    """What the ticket is about, locked for a change."""
    return session.exec(
        select(Conversation)
        .join(TicketConversation)
        .where(TicketConversation.ticket_id == ticket.id)
        .order_by(col(Conversation.id))
        .with_for_update(of=Conversation)
    ).all()


def take(session: Session, number: str, agent: str, notice: Notice, now: datetime) -> Sequence[Conversation]:
    """Makes `agent` the owner of the ticket's conversations and tells their user with `notice`.

    Raises `Refused` where another agent is the owner, or the ticket is over.
    """
    ticket, found = _locked(session, number)
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
    ticket, found = _locked(session, number)
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


def say(session: Session, conversation: Conversation, author: Author, name: str, text: str, now: datetime) -> Message:
    """Queues something that is not the bot's: an agent's answer, or Frontdesk telling who answers now."""
    message = Message(
        conversation_id=conversation.id,
        channel=conversation.channel,
        account=conversation.account,
        author=author,
        author_name=name,
        state=MessageState.QUEUED,
        text=text,
        language=conversation.language,
        epoch=conversation.epoch,
        due_at=now,
        created_at=now,
    )
    session.add(message)
    session.flush()
    return message


def _tell(session: Session, found: Sequence[Conversation], agent: str, notice: Notice, now: datetime) -> None:
    """Tells the person who answers now, where the conversation went on last."""
    say(session, found[-1], Author.SYSTEM, agent, notice(found[-1].language), now)


def _renew(ticket: Ticket, escalation: Escalation, now: datetime) -> None:
    """An open ticket goes back to the queue with what is new. Of two promises yet to be kept the earlier one holds."""
    told = now + escalation.promise
    ticket.promised_at = min(told, ticket.promised_at) if ticket.promised_at > now else told
    ticket.priority = max(ticket.priority, escalation.priority, key=RANK.index)
    ticket.facts = {**ticket.facts, **escalation.facts}
    ticket.tried = list(dict.fromkeys([*ticket.tried, *escalation.tried]))
    ticket.state = TicketState.OPEN if ticket.first_response_at else TicketState.NEW
    ticket.assignee = None


def _waiting(ticket: Ticket) -> TicketState:
    return TicketState.PENDING if ticket.first_response_at else TicketState.NEW


def _hear_user(session: Session, ticket: Ticket, kind: str, message_id: int, now: datetime) -> None:
    if ticket.state is TicketState.PENDING:
        ticket.state = TicketState.OPEN
    add_event(session, ticket, "user", kind, now, message=message_id)


def _locked(session: Session, number: str) -> tuple[Ticket, Sequence[Conversation]]:
    ticket = find(session, number)
    # Conversations first, the ticket second, as turns and sends do: in the other order two would wait for each other.
    conversations(session, ticket)
    session.refresh(ticket, with_for_update=True)
    # Again: one may have been carried on in private until the lock was had.
    return ticket, conversations(session, ticket)


def _open(session: Session, conversation: Conversation, escalation: Escalation, now: datetime) -> Ticket:
    ticket = Ticket(
        # Unique until the id is known.
        number=f"new-{conversation.id}-{conversation.epoch}",
        title=escalation.title,
        category=escalation.category,
        priority=escalation.priority,
        language=escalation.language,
        reason=escalation.reason,
        facts=dict(escalation.facts),
        tried=list(escalation.tried),
        tier=escalation.tier,
        promised_at=now + escalation.promise,
        created_at=now,
        updated_at=now,
    )
    session.add(ticket)
    session.flush()
    ticket.number = f"{escalation.prefix}-{FIRST_NUMBER + ticket.id}"
    session.add(TicketConversation(ticket_id=ticket.id, conversation_id=conversation.id))
    return ticket
