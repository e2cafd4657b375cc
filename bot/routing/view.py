"""The queue and the desk of the database, as the pure rules of routing read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.routing.choosing import OnDuty, Waiting
from bot.routing.settings import Routing
from bot.store import routing
from bot.store.database import Session
from bot.store.routing import AtDesk, Queued
from bot.store.ticketing import RANK


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody is served: a higher rank goes first, and to `agents` before all others."""

    rank: int = 0
    agents: tuple[str, ...] = ()


#: By tier, "" for none, and the attributes the company vouches for, which may name an agent of their own.
StandingOf = Callable[[str, Mapping[str, Any]], Standing]


def all_alike(_tier: str, _attributes: Mapping[str, Any]) -> Standing:
    """Where there are no tiers."""
    return Standing()


def overview(session: Session) -> tuple[list[Queued], list[AtDesk]]:
    """What waits, and who works at the desk, at one moment."""
    return routing.queue(session), routing.desk(session)


def team_of(team: str, category: str, language: str, section: Routing) -> str:
    """Whose queue a ticket is in: that of its team, where there is such a one, else of who takes such tickets."""
    return section.known(team) or section.team_for(category, language)


def urgency_of(priority: str) -> int:
    """A higher one goes first."""
    return RANK.index(priority) if priority in RANK else 0


def waiting(ticket: Queued, section: Routing, standing: StandingOf) -> Waiting:
    """A ticket of the queue as it is routed."""
    team = team_of(ticket.team, ticket.category, ticket.language, section)
    served = standing(ticket.tier, ticket.attributes)
    return Waiting(
        number=ticket.number,
        since=ticket.since,
        rank=served.rank,
        urgency=urgency_of(ticket.priority),
        team=team,
        language=ticket.language,
        skills=section.skills(team),
        dedicated=served.agents,
        passed=ticket.passed,
    )


def on_duty(found: AtDesk) -> OnDuty:
    """An agent as they are routed to."""
    agent = found.agent
    return OnDuty(
        name=agent.name,
        presence=agent.presence,
        capacity=agent.capacity,
        load=found.load,
        given_at=found.given_at,
        teams=frozenset(agent.teams),
        skills=frozenset(agent.skills),
        languages=frozenset(agent.languages),
    )
