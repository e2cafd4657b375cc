"""How a conversation goes to a human: on the ticket it has, on one just solved, or on a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from bot.store.settling import settle
from bot.store.tables import Conversation, Ticket, TicketConversation, TicketState
from bot.store.ticketing import FIRST_NUMBER, RANK, add_event, change_owner, ticket_of
from bot.store.ticketing_tables import LinkKind, TicketLink
from channels.words import Owner

_LAST = (
    select(Ticket)
    .join(TicketConversation)
    .where(TicketConversation.conversation_id == bindparam("conversation"))
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
    #: The person says that it did not help, and names no new matter.
    unhelped: bool = False
    #: How long after it was solved a ticket of the same matter is opened again, in place of a new one.
    reopens: timedelta = timedelta(0)


def escalate(session: Session, conversation: Conversation, escalation: Escalation, now: datetime) -> Ticket:
    """Puts the conversation in the queue: on its open ticket, on one just solved of the same matter, or on a new one.

    A new one of the same matter is a follow-up of the last.
    """
    ticket = ticket_of(session, conversation.id)
    reason = {"reason": escalation.reason}
    if ticket:
        _renew(ticket, escalation, now)
        add_event(session, ticket, "bot", "escalated", now, **reason, category=escalation.category)
    elif (last := _same_matter(session, conversation, escalation)) and _is_fresh(last, escalation, now):
        ticket = last
        _renew(ticket, escalation, now)
        ticket.solved_at = None
        add_event(session, ticket, "bot", "reopened", now, **reason, category=escalation.category)
    else:
        ticket = _open(session, conversation, escalation, now)
        add_event(session, ticket, "bot", "opened", now, **reason, **({"follows": last.number} if last else {}))
        if last:
            session.add(
                TicketLink(ticket_id=ticket.id, other_id=last.id, kind=LinkKind.FOLLOW_UP, agent="bot", created_at=now)
            )
    change_owner(conversation, Owner.QUEUE)
    settle(session, conversation.id, now, solved=False)
    return ticket


def _same_matter(session: Session, conversation: Conversation, escalation: Escalation) -> Ticket | None:
    """The conversation's last ticket, locked, where the escalation is about what that was about."""
    last = session.exec(_LAST.with_for_update(of=Ticket), params={"conversation": conversation.id}).first()
    return last if last and (escalation.unhelped or last.category == escalation.category) else None


def _is_fresh(last: Ticket, escalation: Escalation, now: datetime) -> bool:
    solved = last.solved_at if last.state is TicketState.SOLVED else None
    return solved is not None and now - solved < escalation.reopens


def _renew(ticket: Ticket, escalation: Escalation, now: datetime) -> None:
    """An open ticket goes back to the queue with what is new. Of two promises yet to be kept the earlier one holds."""
    told = now + escalation.promise
    ticket.promised_at = min(told, ticket.promised_at) if ticket.promised_at > now else told
    ticket.priority = max(ticket.priority, escalation.priority, key=RANK.index)
    ticket.facts = {**ticket.facts, **escalation.facts}
    ticket.tried = list(dict.fromkeys([*ticket.tried, *escalation.tried]))
    ticket.state = TicketState.OPEN if ticket.first_response_at else TicketState.NEW
    ticket.assignee = None
    ticket.waiting_since = ticket.waiting_since or now


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
        waiting_since=now,
        first_promised_at=now + escalation.promise,
        created_at=now,
        updated_at=now,
    )
    session.add(ticket)
    session.flush()
    ticket.number = f"{escalation.prefix}-{FIRST_NUMBER + ticket.id}"
    session.add(TicketConversation(ticket_id=ticket.id, conversation_id=conversation.id))
    return ticket
