"""Gives tickets of the queue to agents, and takes back those whose agent is not there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.answers import Answers
from bot.conversation import now
from bot.errors import NotFound, Refused, StorageDown
from bot.routing.choosing import Assignment, OnDuty, Waiting, choose
from bot.routing.settings import Routing
from bot.store import presence, routing
from bot.store.agent_tables import Agent, Presence
from bot.store.database import Database, Session
from bot.store.presence import Patience
from bot.store.routing import AtDesk, Queued
from bot.store.ticketing import RANK, Notice
from bot.tickets import notice

log = structlog.get_logger()

#: Seconds between two looks: agents come, go and take tickets in other processes too.
LOOK = 2.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What a tier means to routing: a higher rank goes first, and `agents` before all others."""

    rank: int = 0
    agents: tuple[str, ...] = ()


#: What a tier means; "" is that of everybody who has none.
StandingOf = Callable[[str], Standing]


def all_alike(_tier: str) -> Standing:
    """Where there are no tiers."""
    return Standing()


class Router:
    """The loop over queue and desk. Methods but `run` raise `StorageDown`, and `NotFound` for who is no agent."""

    def __init__(
        self, database: Database, answers: Answers, section: Routing, standing: StandingOf = all_alike
    ) -> None:
        self._database = database
        self._answers = answers
        self._section = section
        self._standing = standing
        self._patience = patience_of(section)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except StorageDown as error:
                # Nothing is kept here: the next look finds everything again.
                log.error("storage_down", doing="routing", reason=str(error))
            await asyncio.sleep(LOOK)

    async def look(self) -> None:
        """One round: who went away, what comes back, whose queue it waits in, and who gets it."""
        await self._database.run(presence.sweep, self._patience, now())
        for left in await self._database.run(routing.stranded, self._patience, now()):
            told = self._handed_on(left.number)
            moved = await self._database.run(routing.give_back, left.number, left.agent, left.why, told, now())
            if moved:
                log.info("ticket_returned", ticket=left.number, agent=left.agent, reason=left.why)
        queue, desk = await self._database.run(overview)
        await self._file(queue)
        if self._section.automatic:
            for assignment in self._chosen(queue, desk):
                await self._assign(assignment)

    async def queue(self) -> tuple[Sequence[Waiting], Sequence[Queued], Sequence[AtDesk]]:
        """What waits, as routing sees it and in full, and who works at the desk."""
        queue, desk = await self._database.run(overview)
        return [waiting(ticket, self._section, self._standing) for ticket in queue], queue, desk

    async def set_presence(self, agent: str, chosen: Presence) -> None:
        """What an agent chose. Whoever leaves gives back at once what waits for them."""
        await self._database.run(presence.set_presence, agent, chosen, now())
        if chosen is Presence.OFFLINE:
            await self._database.run(routing.give_back_all, agent, chosen.value, self._handed_on, now())
        log.info("presence", agent=agent, presence=chosen.value)

    async def seen(self, agent: str) -> None:
        """A sign of life of an agent: something they did, not merely a page that is open."""
        await self._database.run(presence.seen, agent, now())

    def _handed_on(self, number: str) -> Notice:
        return notice(self._answers, "handed_on", ticket=number)

    async def _file(self, queue: Sequence[Queued]) -> None:
        teams = {
            ticket.id: team
            for ticket in queue
            if not ticket.team and (team := self._section.team_for(ticket.category, ticket.language))
        }
        if teams:
            await self._database.run(routing.file_under_teams, teams)

    def _chosen(self, queue: Sequence[Queued], desk: Sequence[AtDesk]) -> list[Assignment]:
        tickets = [waiting(ticket, self._section, self._standing) for ticket in queue]
        wait = timedelta(minutes=self._section.dedicated_wait_minutes)
        return choose(tickets, map(on_duty, desk), now(), wait)

    async def _assign(self, chosen: Assignment) -> None:
        told = notice(self._answers, "agent_joined", agent=chosen.agent)
        try:
            await self._database.run(routing.assign, chosen.number, chosen.agent, told, now())
        except (Refused, NotFound) as error:
            # Somebody took it, or left, since the look; the next one finds how it stands.
            log.info("not_assigned", ticket=chosen.number, agent=chosen.agent, reason=str(error))
        else:
            log.info("ticket_assigned", ticket=chosen.number, agent=chosen.agent)


def overview(session: Session) -> tuple[list[Queued], list[AtDesk]]:
    """What waits, and who works at the desk, at one moment."""
    return routing.queue(session), routing.desk(session)


def patience_of(section: Routing) -> Patience:
    """How long is waited for agents, by the settings."""
    return Patience(
        away=timedelta(minutes=section.away_minutes),
        gone=timedelta(minutes=section.gone_minutes),
        back=timedelta(minutes=section.return_minutes),
        answer=timedelta(minutes=section.answer_minutes) if section.answer_minutes else None,
    )


def waiting(ticket: Queued, section: Routing, standing: StandingOf) -> Waiting:
    """A ticket of the queue as it is routed. A team that is no more is everybody."""
    team = section.known(ticket.team) or section.team_for(ticket.category, ticket.language)
    tier, own = standing(ticket.tier), ticket.attributes.get(section.agent_attribute)
    return Waiting(
        number=ticket.number,
        since=ticket.since,
        rank=tier.rank,
        urgency=RANK.index(ticket.priority) if ticket.priority in RANK else 0,
        team=team,
        language=ticket.language,
        skills=section.skills(team),
        dedicated=(*((own,) if isinstance(own, str) else ()), *tier.agents),
        passed=ticket.passed,
    )


def on_duty(found: AtDesk) -> OnDuty:
    """An agent as they are routed to."""
    agent: Agent = found.agent
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
