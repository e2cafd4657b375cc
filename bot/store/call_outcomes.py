"""What becomes of a call: begun, ended, tried again, forgotten. Locks and lines are those of `call_backs`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot.errors import Refused
from bot.store.call_backs import AHEAD, AT_ONCE, Listed, Telling, end, locked, tell
from bot.store.call_tables import CallBack, CallState
from bot.store.tables import Ticket
from bot.store.ticketing import FRONTDESK, OVER, add_event


def start(session: Session, call_id: int, agent: str, longest: timedelta, now: datetime) -> Listed:
    """`agent` calls now. One that another began is theirs for `longest`. Raises `NotFound`, and `Refused` by name."""
    call, ticket = locked(session, call_id)
    if call.state is CallState.CALLING and call.agent == agent:
        return Listed(call, ticket)
    if call.state is CallState.CALLING and call.started_at and now - call.started_at < longest:
        raise Refused(f"call {call_id} is with {call.agent}")
    if call.state not in AHEAD:
        raise Refused(f"call {call_id} is {call.state.value}")
    call.state, call.agent, call.started_at = CallState.CALLING, agent, now
    call.attempts += 1
    add_event(session, ticket, agent, "call_started", now, call=call.id, attempt=call.attempts)
    return Listed(call, ticket)


def reached(session: Session, call_id: int, agent: str, note: str, now: datetime) -> Listed:
    """They talked. Raises as `start` does; who has not begun the call cannot end it."""
    call, ticket = _begun(session, call_id, agent)
    end(call, CallState.DONE, "reached", note)
    ticket.first_response_at = ticket.first_response_at or now
    add_event(session, ticket, agent, "call_done", now, call=call.id, text=note)
    return Listed(call, ticket)


def missed(
    session: Session,
    call_id: int,
    agent: str,
    note: str,
    tries: int,
    retry_at: datetime | None,
    telling: Telling,
    now: datetime,
) -> Listed:
    """Nobody picked up: tried again at `retry_at`; without that, or after so many tries, the user is told."""
    call, ticket = _begun(session, call_id, agent)
    call.outcome, call.note, call.seat = "missed", note, None
    retry_at = retry_at if call.attempts < tries else None
    retry = retry_at.isoformat() if retry_at else None
    add_event(
        session, ticket, agent, "call_missed", now, call=call.id, attempt=call.attempts, retry_at=retry, text=note
    )
    if retry_at:
        call.state, call.due_at, call.agent = CallState.SCHEDULED, retry_at, None
    else:
        call.state = CallState.MISSED
        tell(session, call, telling, now)
    return Listed(call, ticket)


def cancel(
    session: Session, call_id: int, agent: str, outcome: str, note: str, telling: Telling, now: datetime
) -> Listed:
    """There will be no call, because of `outcome`: "wrong_number" or "cancelled". The user is told."""
    call, ticket = locked(session, call_id)
    if call.state not in AHEAD:
        raise Refused(f"call {call_id} is {call.state.value}")
    if call.state is CallState.CALLING and call.agent != agent:
        raise Refused(f"call {call_id} is with {call.agent}")
    end(call, CallState.CANCELLED, outcome, note)
    add_event(session, ticket, agent, "call_cancelled", now, call=call.id, outcome=outcome, text=note)
    tell(session, call, telling, now)
    return Listed(call, ticket)


def astray(session: Session, slot: timedelta, now: datetime) -> Sequence[CallBack]:
    """Calls that nobody began in time, and those of tickets that are over or went on as others; oldest first."""
    gone = col(Ticket.state).in_(OVER) | col(Ticket.merged_into_id).is_not(None)
    return session.exec(
        select(CallBack)
        .join(Ticket, col(CallBack.ticket_id) == Ticket.id)
        .where(CallBack.state == CallState.SCHEDULED, gone | (col(CallBack.due_at) <= now - slot))
        .order_by(col(CallBack.due_at))
        .limit(AT_ONCE)
    ).all()


def settle(
    session: Session, call_id: int, slot: timedelta, overdue: Telling, cancelled: Telling, now: datetime
) -> bool:
    """What happens to a call by itself, once; whether anything did.

    One whose time passed without anybody calling is missed, and its user told. It goes along with a ticket that went on
    as another, and does not take place where the ticket is over.
    """
    call, ticket = locked(session, call_id)
    if call.state is not CallState.SCHEDULED:
        return False
    if ticket.merged_into_id:
        call.ticket_id = ticket.merged_into_id
    elif ticket.state in OVER:
        end(call, CallState.CANCELLED, "cancelled")
        add_event(session, ticket, FRONTDESK, "call_cancelled", now, call=call.id, outcome="ticket over")
        tell(session, call, cancelled, now)
    elif call.due_at <= now - slot:
        end(call, CallState.MISSED, "overdue")
        add_event(session, ticket, FRONTDESK, "call_missed", now, call=call.id, attempt=0, retry_at=None)
        tell(session, call, overdue, now)
    return True


def _begun(session: Session, call_id: int, agent: str) -> tuple[CallBack, Ticket]:
    call, ticket = locked(session, call_id)
    if call.state is CallState.CALLING and call.agent == agent:
        return call, ticket
    if call.state is CallState.CALLING:
        raise Refused(f"call {call_id} is with {call.agent}")
    ahead = ": start it first" if call.state in AHEAD else ""
    raise Refused(f"call {call_id} is {call.state.value}{ahead}")
