"""Who is at the desk: what agents chose, and what follows from their signs of life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from bot.errors import NotFound
from bot.store.agent_tables import Agent, Presence
from bot.store.attendance_tables import Attendance

#: A sign of life so soon after the last is not written down.
TOO_SOON = timedelta(seconds=15)

#: Clocks of several machines differ by less; a moment further ahead was written before a clock was put back.
AHEAD = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for agents."""

    #: Without a sign of life: until they count as away, then as offline.
    away: timedelta
    gone: timedelta
    #: Of somebody away: until their tickets go back.
    back: timedelta
    #: Of somebody who was given a ticket: until it goes to somebody else; None for ever.
    answer: timedelta | None = None


def set_presence(session: Session, name: str, presence: Presence, now: datetime) -> None:
    """What an agent chose, which is a sign of life too. Raises `NotFound` for who is no agent of the desk."""
    agent = agent_named(session, name)
    attendance = _attendance(session, agent, now)
    attendance.chosen, attendance.seen_at = presence, now
    _become(agent, presence, now)


def seen(session: Session, name: str, now: datetime) -> None:
    """A sign of life: they are again what they chose. Raises `NotFound` for who is no agent of the desk."""
    agent = session.exec(select(Agent).where(Agent.name == name, col(Agent.removed_at).is_(None))).first()
    if agent is None:
        raise NotFound(f"there is no agent {name!a}")
    attendance = session.get(Attendance, agent.id)
    if attendance and agent.presence is attendance.chosen and abs(now - attendance.seen_at) < TOO_SOON:
        return
    agent = agent_named(session, name)
    attendance = _attendance(session, agent, now)
    attendance.seen_at = now
    _become(agent, attendance.chosen, now)


def sweep(session: Session, patience: Patience, now: datetime) -> None:
    """Whoever gave no sign of life is away, and later offline."""
    _put_right(session, now)
    _fade(session, Presence.OFFLINE, [Presence.ONLINE, Presence.AWAY], now - patience.gone, now)
    _fade(session, Presence.AWAY, [Presence.ONLINE], now - patience.away, now)


def everybody(session: Session) -> Sequence[Agent]:
    """Who works at the desk, by name."""
    return session.exec(select(Agent).where(col(Agent.removed_at).is_(None)).order_by(Agent.name)).all()


def agent_named(session: Session, name: str) -> Agent:
    """The agent of the desk with this name, locked for a change. Raises `NotFound`."""
    agent = session.exec(
        select(Agent).where(Agent.name == name, col(Agent.removed_at).is_(None)).with_for_update()
    ).first()
    if agent is None:
        raise NotFound(f"there is no agent {name!a}")
    return agent


def given(session: Session, agent: Agent, now: datetime) -> None:
    """They were given a ticket just now; whoever holds the agent calls."""
    _attendance(session, agent, now).given_at = now


def _attendance(session: Session, agent: Agent, now: datetime) -> Attendance:
    found = session.get(Attendance, agent.id, populate_existing=True)
    if found is None:
        found = Attendance(agent_id=agent.id, seen_at=now)
        session.add(found)
    return found


def _become(agent: Agent, presence: Presence, now: datetime) -> None:
    if agent.presence is not presence:
        agent.presence, agent.presence_at = presence, now


def _fade(session: Session, to: Presence, were: Sequence[Presence], silent_since: datetime, now: datetime) -> None:
    last = func.coalesce(Attendance.seen_at, Agent.presence_at, Agent.created_at)
    silent = select(Agent.id).outerjoin(Attendance).where(last <= silent_since)
    session.exec(
        update(Agent)
        .where(col(Agent.presence).in_(were), col(Agent.id).in_(silent))
        .values(presence=to, presence_at=now)
        .execution_options(synchronize_session=False)
    )


def _put_right(session: Session, now: datetime) -> None:
    """What was written before the clock was put back counts from now on: else it would not pass for that long."""
    ahead = now + AHEAD
    seen_late = update(Attendance).where(col(Attendance.seen_at) > ahead).values(seen_at=now)
    changed_late = update(Agent).where(col(Agent.presence_at) > ahead).values(presence_at=now)
    for late in (seen_late, changed_late):
        session.exec(late.execution_options(synchronize_session=False))
