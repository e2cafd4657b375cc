"""The clocks of tickets in the database: looked at when their timeline changed and when their time is up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select, update

from bot.sla.clocks import Clock, Clocks, clocks
from bot.sla.history import steps
from bot.sla.policies import Policies, Policy
from bot.store.acting import Acts, Hooks
from bot.store.clock_tables import ClockAct, ClockRules
from bot.store.tables import Ticket, TicketEvent
from bot.store.ticketing import FRONTDESK, OVER, add_event, find, locked


def due(session: Session, now: datetime, limit: int) -> Sequence[str]:
    """Numbers of the tickets whose clocks are to be looked at, longest waiting first."""
    return session.exec(
        select(Ticket.number).where(col(Ticket.look_at) <= now).order_by(col(Ticket.look_at)).limit(limit)
    ).all()


def follow(session: Session, digest: str, now: datetime) -> None:
    """Every open ticket is to be looked at, unless it was counted by the rules of `digest` already."""
    rules = session.get(ClockRules, 1)
    if rules and rules.digest == digest:
        return
    session.merge(ClockRules(id=1, digest=digest))
    all_due(session, now)


def all_due(session: Session, now: datetime) -> None:
    """Every open ticket is to be looked at."""
    session.exec(update(Ticket).where(col(Ticket.state).not_in(OVER)).values(look_at=now))


def put_off(session: Session, number: str, until: datetime) -> None:
    """The ticket is not looked at before then."""
    session.exec(update(Ticket).where(col(Ticket.number) == number).values(look_at=until))


def look(session: Session, number: str, policies: Policies, hooks: Hooks, now: datetime) -> Sequence[str]:
    """Counts the ticket's clocks anew, writes them down and does what is due, each once; what was done.

    Whoever looks second, in this process or another, finds nothing left to do.
    """
    ticket, found = locked(session, number)
    if ticket.look_at is None or ticket.look_at > now:
        return ()
    policy = policies.match(ticket.priority, ticket.category, ticket.tier)
    counted = clocks(steps(timeline(session, ticket)), policy, now)
    _write(ticket, counted, now)
    _go_by(session, ticket, policy, policies, now)
    return Acts(session, ticket, found, policy, hooks, now).due(counted)


def timeline(session: Session, ticket: Ticket) -> Sequence[TicketEvent]:
    """Its lines, in order."""
    return session.exec(
        select(TicketEvent).where(TicketEvent.ticket_id == ticket.id).order_by(col(TicketEvent.id))
    ).all()


def explained(session: Session, number: str) -> tuple[Ticket, Sequence[TicketEvent], Sequence[ClockAct]]:
    """A ticket, its timeline, and what its clocks did. Raises `NotFound`."""
    ticket = find(session, number)
    acts = session.exec(select(ClockAct).where(ClockAct.ticket_id == ticket.id).order_by(col(ClockAct.id))).all()
    return ticket, timeline(session, ticket), acts


def promises(session: Session, since: datetime, until: datetime) -> tuple[int, int]:
    """Of tickets opened from `since` to `until`: how many first promises were kept, and how many were not."""
    rows = session.exec(
        select(Ticket.promise_kept, func.count())
        .where(Ticket.created_at >= since, Ticket.created_at < until, col(Ticket.promise_kept).is_not(None))
        .group_by(col(Ticket.promise_kept))
    )
    counts = {bool(kept): count for kept, count in rows}
    return counts.get(True, 0), counts.get(False, 0)


def _write(ticket: Ticket, counted: Clocks, now: datetime) -> None:
    first, following, resolution = (clock if clock.running else Clock() for _, clock in counted.named())
    ticket.first_response_due_at = first.due_at
    ticket.next_response_due_at = following.due_at
    ticket.resolution_due_at = resolution.due_at
    ticket.due_at = min((clock.due_at for clock in (first, following, resolution) if clock.due_at), default=None)
    ticket.breached_at = counted.missed[0] if counted.missed else None
    ticket.look_at = min((at for clock in (first, following, resolution) for at in _ahead(clock, now)), default=None)
    _judge(ticket, counted.first_response, now)


def _judge(ticket: Ticket, first: Clock, now: datetime) -> None:
    """Whether the first promise was kept, once that is known."""
    if ticket.first_promised_at and (first.met_at or first.running):
        answered = first.met_at or now
        if first.met_at or answered > ticket.first_promised_at:
            ticket.promise_kept = answered <= ticket.first_promised_at


def _ahead(clock: Clock, now: datetime) -> list[datetime]:
    """When a clock that runs will have something to do."""
    return [at for at in (clock.warn_at, clock.due_at) if at and at >= now]


def _go_by(session: Session, ticket: Ticket, policy: Policy, policies: Policies, now: datetime) -> None:
    """The ticket goes by `policy` from here on, which is told where the one before is no more."""
    before, ticket.sla = ticket.sla, policy.name
    if before and before not in policies:
        detail = {"from": before, "to": policy.name, "reason": "deleted"}
        add_event(session, ticket, FRONTDESK, "policy_changed", now, **detail)
