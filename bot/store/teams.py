"""Teams, as agents and tickets name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import func
from sqlmodel import Session, col, select, update

from bot.store import presence
from bot.store.tables import Ticket
from bot.store.ticketing import OVER


def named(session: Session) -> dict[str, tuple[int, int]]:
    """Every team that an agent or a ticket names, with how many agents are in it and how many tickets wait for it."""
    members = Counter(name for agent in presence.everybody(session) for name in agent.teams)
    rows = session.exec(
        select(Ticket.team, func.count())
        .where(col(Ticket.state).not_in(OVER), Ticket.team != "")
        .group_by(col(Ticket.team))
    )
    tickets = dict(rows.all())
    return {name: (members[name], tickets.get(name, 0)) for name in {*members, *tickets}}


def file_under(session: Session, teams: Mapping[int, str]) -> None:
    """Writes down whose queue tickets that no team has wait in; `teams` by the tickets' ids."""
    for ticket_id, team in teams.items():
        session.exec(
            update(Ticket)
            .where(col(Ticket.id) == ticket_id, col(Ticket.team) == "")
            .values(team=team)
            .execution_options(synchronize_session=False)
        )
