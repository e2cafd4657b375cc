"""What the wall shows at this moment: who waits, what is due, who is there, how the channels are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import select as select_row
from sqlmodel import Session, SQLModel, case, col, func, select

from bot.store.agent_tables import Presence
from bot.store.channel_tables import ChannelState
from bot.store.list_tables import ACTIVE, HOLDER, SINCE, WAITS
from bot.store.reporting import TICKET
from bot.store.selecting import SOON
from bot.store.tables import Ticket

AGENT = SQLModel.metadata.tables["agent"]
DUE_AT = TICKET.c.due_at

#: Tickets named on the wall, of each kind.
MOST = 6

#: Of the deadlines that are soon, those that near are counted by themselves.
VERY_SOON = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many tickets wait for us, and how many of them for anybody to take them."""

    priority: str
    team: str
    count: int
    free: int


@dataclass(frozen=True, slots=True)
class Named:
    """A ticket on the wall, and the time it is there for: since when its user waits, or when it is due."""

    number: str
    title: str
    priority: str
    team: str
    assignee: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """How many deadlines are over, come within 15 minutes, and within an hour (those of 15 minutes among them)."""

    late: int
    very_soon: int
    soon: int


@dataclass(frozen=True, slots=True)
class There:
    """An agent; `load` are the tickets they have that wait for us."""

    name: str
    presence: Presence
    since: datetime | None
    load: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Wall:
    """Everything on it."""

    waiting: Sequence[Waiting]
    longest: Sequence[Named]
    due: Due
    next: Sequence[Named]
    there: Sequence[There]
    channels: Sequence[ChannelState]


def wall(session: Session, now: datetime) -> Wall:
    """As it is at `now`."""
    return Wall(
        waiting=_waiting(session),
        longest=_named(session, SINCE, WAITS == 1),
        due=_due(session, now),
        next=_named(session, DUE_AT, ACTIVE == 1, col(Ticket.due_at) <= now + SOON),
        there=_there(session),
        channels=session.exec(
            select(ChannelState).order_by(col(ChannelState.channel), col(ChannelState.account))
        ).all(),
    )


def _waiting(session: Session) -> list[Waiting]:
    free = case((HOLDER == "", 1), else_=0).label("free")
    # By itself first: SQLite would else go through every ticket there is in the order of another index.
    its = select_row(*TICKET.c["priority", "team"], free).where(WAITS == 1).cte("its").prefix_with("MATERIALIZED")
    group = its.c.priority, its.c.team
    query = select_row(*group, func.count(), func.sum(its.c.free)).group_by(*group)
    return [Waiting(*row) for row in session.execute(query)]


def _named(session: Session, at: ColumnElement[Any], *where: ColumnElement[bool]) -> list[Named]:
    """The first tickets by `at`."""
    names = TICKET.c["number", "title", "priority", "team", "assignee"]
    query = select_row(*names, at).select_from(Ticket).where(*where).order_by(at, col(Ticket.id)).limit(MOST)
    return [Named(*row) for row in session.execute(query)]


def _due(session: Session, now: datetime) -> Due:
    sums = [func.sum(case((col(Ticket.due_at) <= until, 1), else_=0)) for until in (now, now + VERY_SOON, now + SOON)]
    query = select_row(*sums).where(ACTIVE == 1, col(Ticket.due_at) <= now + SOON)
    late, very_soon, soon = (count or 0 for count in session.execute(query).one())
    return Due(late, very_soon - late, soon - late)


def _there(session: Session) -> list[There]:
    load = (
        select_row(HOLDER.label("name"), func.count().label("load"))
        .select_from(Ticket)
        .where(WAITS == 1, HOLDER != "")
        .group_by(HOLDER)
        .subquery()
    )
    agent = [*AGENT.c["name", "presence", "presence_at"], func.coalesce(load.c.load, 0), AGENT.c.capacity]
    query = (
        select_row(*agent)
        .outerjoin(load, load.c.name == AGENT.c.name)
        .where(AGENT.c.removed_at.is_(None))
        .order_by(func.lower(AGENT.c.name))
    )
    return [There(*row) for row in session.execute(query)]
