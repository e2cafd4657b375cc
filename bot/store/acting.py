"""What clocks do before and at a breach, in the transaction that counted them: each once, whoever looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from bot.sla.calendar import Calendar
from bot.sla.clocks import Clock, Clocks
from bot.sla.policies import Policy
from bot.sla.sections import Action
from bot.store.clock_tables import ClockAct
from bot.store.tables import Conversation, Ticket, TicketState
from bot.store.ticketing import OVER, RANK, add_event, change_owner, say
from channels.words import Author, Owner

#: Who does what no person does.
ACTOR = "frontdesk"

#: What is told to a user, in their language, of the new time by a calendar that is promised.
Renewed = Callable[[str | None, datetime, Calendar], str]

#: Offers a call-back on a ticket.
Offer = Callable[[Session, Ticket, datetime], object]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What acts need from outside. Without `offer` a call-back is only noted."""

    renewed: Renewed
    offer: Offer | None = None


def act(
    session: Session,
    ticket: Ticket,
    found: Sequence[Conversation],
    policy: Policy,
    counted: Clocks,
    hooks: Hooks,
    now: datetime,
) -> Sequence[str]:
    """Warnings and breaches of the running clocks that nothing was done about yet; what was done, by clock.

    A breach found before its warning was given is told alone. The timeline says so in every case.
    """
    done = []
    for name, clock in counted.named():
        if not clock.running or clock.since is None or ticket.state in OVER:
            continue
        if clock.breached:
            _first(session, ticket, name, "warned", clock.since, now)
            late = _first(session, ticket, name, "breached", clock.since, now)
            done += _tell(session, ticket, found, name, "breached", policy.on_breach, hooks, now, clock) if late else []
        elif clock.warn_at and clock.warn_at <= now and _first(session, ticket, name, "warned", clock.since, now):
            done += _tell(session, ticket, found, name, "warned", policy.on_warning, hooks, now, clock)
    if any(one.endswith("first_response") for one in done):
        done += _renew(session, ticket, found, policy, counted.first_response, hooks, now)
    return done


def _first(session: Session, ticket: Ticket, clock: str, what: str, since: datetime, now: datetime) -> bool:
    """Whether nobody did this yet. Whoever asks does it: the row is theirs."""
    wanted = select(ClockAct.id).where(
        ClockAct.ticket_id == ticket.id, ClockAct.clock == clock, ClockAct.act == what, ClockAct.since == since
    )
    if session.exec(wanted).first() is not None:
        return False
    session.add(ClockAct(ticket_id=ticket.id, clock=clock, act=what, since=since, at=now))
    session.flush()
    return True
