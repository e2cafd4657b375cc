"""Calls in the database: offered, booked, found. Each change is a line of the ticket's timeline, without the number.

Whoever changes a call locks its conversation first, then the call, the ticket last, as turns and sends do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from bot.errors import NotFound, Refused
from bot.store.call_tables import CallBack, CallState
from bot.store.rows import row_of
from bot.store.tables import Conversation, Ticket
from bot.store.ticketing import OVER, add_event, conversations, say, ticket_of
from channels.words import Author, Choice, Owner

#: Calls one sweep looks at.
AT_ONCE = 50

#: Those a user still waits for.
AHEAD = (CallState.SCHEDULED, CallState.CALLING)

#: What a user is told, and the buttons under it.
Said = tuple[str, Sequence[Choice]]
#: What the user is told of a call, in the language of the conversation.
Telling = Callable[[CallBack, str | None], Said]


@dataclass(frozen=True, slots=True)
class Details:
    """What a call is booked with. `zone` is what the user was shown the slot in."""

    number: str
    account: str
    problem: str
    zone: str


class SlotFull(Refused):
    """Another slot can be offered to whoever has `number`."""

    def __init__(self, number: str) -> None:
        super().__init__("the slot is full")
        self.number = number


#: The details of a call for a ticket. Raises `NotFound` where it has no number.
Detailed = Callable[[Ticket], Details]


@dataclass(frozen=True, slots=True)
class Listed:
    """A call with the ticket it belongs to."""

    call: CallBack
    ticket: Ticket


def taken(session: Session, after: datetime, until: datetime) -> Mapping[datetime, int]:
    """How many seats are gone in each slot that begins in that time."""
    rows = session.exec(
        select(CallBack.slot_at, func.count())
        .where(col(CallBack.seat).is_not(None), col(CallBack.slot_at) >= after, col(CallBack.slot_at) < until)
        .group_by(col(CallBack.slot_at))
    )
    return dict(rows.all())


def book(
    session: Session, conversation_id: int, slot_at: datetime, detailed: Detailed, seats: int, now: datetime
) -> CallBack:
    """Books the slot for the conversation's open ticket, whose call moves if it has one; once more changes nothing.

    Raises `NotFound` where no ticket is open, `SlotFull`, and `Refused` where somebody is calling already.
    """
    conversation = _conversation(session, conversation_id)
    ticket = ticket_of(session, conversation_id)
    if ticket is None:
        raise NotFound(f"conversation {conversation_id} has no open ticket")
    call = _ahead(session, ticket)
    if call and call.state is CallState.CALLING:
        raise Refused(f"{call.agent} is calling already")
    if call and call.slot_at == slot_at and call.seat is not None:
        return call
    wanted = detailed(ticket)
    seat = _seat(session, slot_at, seats)
    if seat is None:
        raise SlotFull(wanted.number)
    kind = "call_moved" if call else "call_booked"
    call = call or CallBack(
        ticket_id=ticket.id, conversation_id=conversation_id, slot_at=slot_at, due_at=slot_at, number="", created_at=now
    )
    call.slot_at, call.due_at, call.seat, call.attempts = slot_at, slot_at, seat, 0
    call.number, call.account, call.problem, call.zone = wanted.number, wanted.account, wanted.problem, wanted.zone
    call.language = conversation.language or ticket.language
    session.add(call)
    session.flush()
    add_event(session, ticket, "user", kind, now, call=call.id, slot_at=slot_at.isoformat())
    return call


def call_off(session: Session, conversation_id: int, now: datetime) -> None:
    """The user wants no call any more. Raises `NotFound` where none is booked, `Refused` where it has begun."""
    _conversation(session, conversation_id)
    ticket = ticket_of(session, conversation_id)
    call = _ahead(session, ticket) if ticket else None
    if ticket is None or call is None:
        raise NotFound(f"conversation {conversation_id} has no call ahead")
    if call.state is CallState.CALLING:
        raise Refused(f"{call.agent} is calling already")
    end(call, CallState.CANCELLED, "cancelled")
    add_event(session, ticket, "user", "call_cancelled", now, call=call.id)


def listed(session: Session, states: Collection[CallState], limit: int, before: datetime | None = None) -> list[Listed]:
    """Calls in `states`, soonest first; `before` leaves out those that are due later."""
    wanted = select(CallBack, Ticket).join(Ticket, col(CallBack.ticket_id) == Ticket.id)
    wanted = wanted.where(col(CallBack.state).in_(states))
    if before:
        wanted = wanted.where(col(CallBack.due_at) <= before)
    rows = session.exec(wanted.order_by(col(CallBack.due_at), col(CallBack.id)).limit(limit))
    return [Listed(call, ticket) for call, ticket in rows]


def latest(session: Session, states: Collection[CallState], limit: int) -> list[Listed]:
    """Calls in `states`, those booked last first."""
    wanted = select(CallBack, Ticket).join(Ticket, col(CallBack.ticket_id) == Ticket.id)
    rows = session.exec(wanted.where(col(CallBack.state).in_(states)).order_by(col(CallBack.id).desc()).limit(limit))
    return [Listed(call, ticket) for call, ticket in rows]


def show(session: Session, call_id: int) -> Listed:
    """Raises `NotFound`."""
    call = row_of(session, CallBack, call_id)
    if call is None:
        raise NotFound(f"there is no call {call_id}")
    return Listed(call, session.get_one(Ticket, call.ticket_id))


def offer(
    session: Session,
    ticket: Ticket,
    dialogue: Mapping[str, Any],
    telling: Callable[[str | None], Said],
    now: datetime,
) -> bool:
    """Offers a call where the ticket went on last, if that is private and in the queue, and none is offered or ahead.

    `dialogue` is what the bot remembers for whoever accepts, and how it is known that one is offered. Whether it was.
    """
    conversation = conversations(session, ticket)[-1]
    if conversation.public or conversation.owner is not Owner.QUEUE or ticket.state in OVER:
        return False
    if dialogue.items() <= conversation.dialogue.items() or _ahead(session, ticket):
        return False
    conversation.dialogue = {**conversation.dialogue, **dialogue}
    _say(session, conversation, telling(conversation.language), now)
    return True


def end(call: CallBack, state: CallState, outcome: str, note: str = "") -> None:
    """The call takes no seat any more."""
    call.state, call.outcome, call.note, call.seat = state, outcome, note, None


def tell(session: Session, call: CallBack, telling: Telling, now: datetime) -> None:
    """Tells the user of the call where they booked it."""
    conversation = session.get_one(Conversation, call.conversation_id)
    _say(session, conversation, telling(call, conversation.language), now)


def _say(session: Session, conversation: Conversation, said: Said, now: datetime) -> None:
    text, choices = said
    message = say(session, conversation, Author.SYSTEM, "", text, now)
    message.choices = [{"title": choice.title, "payload": choice.payload} for choice in choices]


def _seat(session: Session, slot_at: datetime, seats: int) -> int | None:
    """The first that is free, None where none is; of two who take one the database turns one away, who looks again."""
    rows = select(CallBack.seat).where(CallBack.slot_at == slot_at, col(CallBack.seat).is_not(None))
    gone = set(session.exec(rows).all())
    return next((seat for seat in range(seats) if seat not in gone), None)


def _ahead(session: Session, ticket: Ticket) -> CallBack | None:
    return session.exec(
        select(CallBack)
        .where(CallBack.ticket_id == ticket.id, col(CallBack.state).in_(AHEAD))
        .order_by(col(CallBack.id).desc())
        .limit(1)
        .with_for_update()
    ).first()


def locked(session: Session, call_id: int) -> tuple[CallBack, Ticket]:
    """A call and its ticket, to be changed. Raises `NotFound`."""
    call = show(session, call_id).call
    _conversation(session, call.conversation_id)
    session.refresh(call, with_for_update=True)
    # As it is by now: others may have changed it until the conversation was had.
    return call, session.get_one(Ticket, call.ticket_id, with_for_update=True, populate_existing=True)


def _conversation(session: Session, conversation_id: int) -> Conversation:
    return session.get_one(Conversation, conversation_id, with_for_update=True)
