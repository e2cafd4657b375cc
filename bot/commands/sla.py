"""`frontdesk sla`: why a ticket's deadlines are what they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import typer
from rich.table import Table
from rich.text import Text

from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, out, plainly
from bot.commands.ticket_work import Number
from bot.conversation import now
from bot.sla.clocks import Clock, clocks
from bot.sla.history import counted, steps
from bot.sla.policies import Policies, Policy
from bot.store import clocks as kept
from bot.store.clock_tables import ClockAct
from bot.store.database import Database
from bot.store.tables import Ticket, TicketEvent

app = typer.Typer(no_args_is_help=True, help="Deadlines: policies, calendars, and why.")


@app.callback()
def sla() -> None:
    """Deadlines: policies, calendars, and why."""


@app.command()
def explain(number: Number, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """The history of a ticket as its clocks read it, each clock now, and what was done about them. Changes nothing."""
    with plainly():
        settings = configured(config)
        policies = Policies(settings.calendars, settings.sla.policies)
        database = Database(settings.database.url)
        try:
            database.migrate()
            ticket, lines, acts = database.transact(kept.explained, number)
        finally:
            database.close()
    policy = policies.match(ticket.priority, ticket.category, ticket.tier)
    _print(ticket, policy, lines, acts)


def _print(ticket: Ticket, policy: Policy, lines: Sequence[TicketEvent], acts: Sequence[ClockAct]) -> None:
    about = f"{ticket.priority}, {ticket.category}{', ' + ticket.tier if ticket.tier else ''}"
    out.print(Text(f"{ticket.number}  {about}: policy {policy.name}, calendar {policy.calendar.name}", style="bold"))
    out.print(_history(policy, lines))
    out.print(_clocks(policy, lines, now()))
    for act in acts:
        out.print(Text(f"{_told(act.at, policy)} {act.act}: {act.clock}, which runs since {_told(act.since, policy)}"))


def _history(policy: Policy, lines: Sequence[TicketEvent]) -> Table:
    table = Table("when", "who", "what", "counts as", "open", box=None)
    for line, did in counted(lines):
        opens = "yes" if policy.calendar.is_open(line.at) else "no"
        table.add_row(_told(line.at, policy), Text(line.actor), line.kind, did.value if did else "", opens)
    return table


def _clocks(policy: Policy, lines: Sequence[TicketEvent], at: datetime) -> Table:
    table = Table("clock", "promised", "used", "state", "warns", "due", "breached", box=None)
    for name, clock in clocks(steps(lines), policy, at).named():
        moments = [_told(moment, policy) for moment in (clock.warn_at, clock.due_at, clock.breached_at)]
        table.add_row(name, _lasting(clock.target), _lasting(clock.used), _state(clock), *moments)
    return table


def _state(clock: Clock) -> str:
    """In one word, as far as there is a clock."""
    if clock.since is None:
        return "not begun"
    if clock.met_at:
        return "met"
    return "paused" if clock.paused else "running"


def _told(at: datetime | None, policy: Policy) -> str:
    """A moment on the calendar's wall, with the offset that held."""
    return f"{at.astimezone(policy.calendar.zone):%Y-%m-%d %H:%M:%S%z}" if at else ""


def _lasting(time: timedelta | None) -> str:
    """Hours, minutes and seconds; "none" where nothing is promised."""
    if time is None:
        return "none"
    minutes, seconds = divmod(time // timedelta(seconds=1), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
