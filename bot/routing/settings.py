"""The section `routing` of config.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from bot.section import Section

Minutes = Annotated[int, Field(ge=1, le=7 * 24 * 60)]


class Team(Section):
    """Agents who share a queue, by what comes into it; what names nothing takes everything."""

    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    #: What whoever answers there must know, as agents' skills are called.
    skills: tuple[str, ...] = ()

    def takes(self, category: str, language: str) -> bool:
        """Whether such a ticket is the team's."""
        return (not self.categories or category in self.categories) and (
            not self.languages or language in self.languages
        )


class Routing(Section):
    """Who gets which ticket, and what becomes of tickets whose agent goes away."""

    #: Tickets are given to agents; without it agents take them.
    automatic: bool = False
    #: In the order they are asked; what none of them takes is everybody's.
    teams: Mapping[Annotated[str, Field(min_length=1, max_length=64)], Team] = {}
    #: Without a sign of life for so long an agent is away, then offline.
    away_minutes: Minutes = 5
    gone_minutes: Minutes = 15
    #: Tickets of whoever is away for so long go back to the queue.
    return_minutes: Minutes = 10
    #: A ticket that was given to somebody and is not answered goes to somebody else; None for never.
    answer_minutes: Minutes | None = None
    #: So long a ticket waits for a dedicated agent who is at work but has no room.
    dedicated_wait_minutes: Minutes = 5

    @model_validator(mode="after")
    def gone_after_away(self) -> Self:
        if self.gone_minutes < self.away_minutes:
            raise ValueError("gone_minutes is less than away_minutes: nobody would ever be away")
        return self

    def team_for(self, category: str, language: str) -> str:
        """The team such a ticket comes to; "" for everybody's queue."""
        return next((name for name, team in self.teams.items() if team.takes(category, language)), "")

    def known(self, team: str) -> str:
        """The team, or everybody's where there is no such one any more."""
        return team if team in self.teams else ""

    def skills(self, team: str) -> frozenset[str]:
        """What the team's tickets ask for."""
        return frozenset(self.teams[team].skills) if team in self.teams else frozenset()
