"""Pure: waiting tickets and the agents of the desk -> who gets which.

tickets: the higher tier first, then the more urgent, then the one that waits longest
agents:  those who can (team, language, skills) and have room; who had it and did not answer last, the least loaded
         first, then whoever was given nothing for longest
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.store.agent_tables import Presence


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket in the queue."""

    number: str
    #: When the user began to wait.
    since: datetime
    #: Of its user's tier; a higher one goes first.
    rank: int = 0
    #: A higher one goes first.
    urgency: int = 1
    #: "" for everybody's.
    team: str = ""
    language: str = "en"
    #: What whoever answers must know.
    skills: frozenset[str] = frozenset()
    #: Names of agents who get it before all others.
    dedicated: tuple[str, ...] = ()
    #: Names of agents who had it and did not answer.
    passed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OnDuty:
    """An agent who works at the desk, there or not."""

    name: str
    presence: Presence = Presence.ONLINE
    #: Tickets they may have at a time, and have.
    capacity: int = 8
    load: int = 0
    #: When they were given a ticket last; None for never.
    given_at: datetime | None = None
    teams: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    #: Empty for all.
    languages: frozenset[str] = frozenset()

    @property
    def has_room(self) -> bool:
        """Whether another ticket may be given to them now."""
        return self.presence is Presence.ONLINE and self.load < self.capacity


@dataclass(frozen=True, slots=True)
class Assignment:
    """A ticket, and the agent it goes to."""

    number: str
    agent: str


def in_order(tickets: Iterable[Waiting]) -> list[Waiting]:
    """As they are served."""
    return sorted(tickets, key=lambda ticket: (-ticket.rank, -ticket.urgency, ticket.since, ticket.number))


def choose(
    tickets: Iterable[Waiting], agents: Iterable[OnDuty], now: datetime, dedicated_wait: timedelta
) -> list[Assignment]:
    """Who gets which ticket, in the order they are served.

    A ticket with dedicated agents waits up to `dedicated_wait` for one of them who is at work but has no room.
    """
    desk = {agent.name: agent for agent in agents}
    chosen = []
    for ticket in in_order(tickets):
        if not any(agent.has_room for agent in desk.values()):
            break
        agent = _best(ticket, candidates(ticket, desk.values(), now, dedicated_wait))
        if agent:
            chosen.append(Assignment(ticket.number, agent.name))
            desk[agent.name] = replace(agent, load=agent.load + 1, given_at=now)
    return chosen


def candidates(
    ticket: Waiting, agents: Collection[OnDuty], now: datetime, dedicated_wait: timedelta
) -> Sequence[OnDuty]:
    """Whom the ticket may be given to now."""
    dedicated = [agent for agent in agents if agent.name in ticket.dedicated and agent.name not in ticket.passed]
    ready = [agent for agent in dedicated if agent.has_room]
    expected = any(agent.presence is not Presence.OFFLINE and agent.capacity > 0 for agent in dedicated)
    # A moment that has not come yet was written before the clock was put back: that is no reason to wait longer.
    if ready or (expected and timedelta() <= now - ticket.since < dedicated_wait):
        return ready
    return [agent for agent in able(ticket, agents) if agent.has_room]


def able(ticket: Waiting, agents: Collection[OnDuty]) -> Sequence[OnDuty]:
    """Who can answer the ticket, there or not.

    What nobody at the desk can do is not waited for: first the skills are given up, then the language, then the team.
    """
    serving = [agent for agent in agents if agent.capacity > 0]
    members = [agent for agent in serving if not ticket.team or ticket.team in agent.teams]
    speakers = [agent for agent in members if not agent.languages or ticket.language in agent.languages]
    skilled = [agent for agent in speakers if ticket.skills <= agent.skills]
    return skilled or speakers or members or serving


def _best(ticket: Waiting, agents: Sequence[OnDuty]) -> OnDuty | None:
    def order(agent: OnDuty) -> tuple[bool, int, float, str]:
        idle_since = agent.given_at.timestamp() if agent.given_at else 0.0
        return agent.name in ticket.passed, agent.load, idle_since, agent.name

    return min(agents, key=order, default=None)
