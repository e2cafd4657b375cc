"""Gives tickets of the queue to agents, and takes back those whose agent is not there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from bot.answers import Answers
from bot.conversation import now
from bot.errors import NotFound, Refused
from bot.loops import every
from bot.routing.choosing import Assignment, choose
from bot.routing.settings import Routing
from bot.routing.view import StandingOf, all_alike, on_duty, overview, waiting
from bot.store import presence, routing, teams
from bot.store.agent_tables import Presence
from bot.store.database import Database
from bot.store.presence import Patience
from bot.store.routing import AtDesk, Queued
from bot.store.ticketing import Notice
from bot.tickets import notice

log = structlog.get_logger()

#: Seconds between two looks: agents come, go and take tickets in other processes too.
LOOK = 2.0


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
        # Nothing is kept here: the next look finds everything again.
        await every(LOOK, self.look, "routing")

    async def look(self) -> None:
        """One round: who went away, what comes back, whose queue it waits in, and who gets it."""
        await self._database.run(presence.sweep, self._patience, now())
        for left in await self._database.run(routing.stranded, self._patience, now()):
            told = self._handed_on(left.number)
            moved = await self._database.run(routing.give_back, left.number, left.agent, left.why, told, now())
            if moved:
                log.info("ticket_returned", ticket=left.number, agent=left.agent, reason=left.why)
        if self._section.automatic or self._section.teams:
            queue, desk = await self._database.run(overview)
            await self._file(queue)
            for assignment in self._chosen(queue, desk) if self._section.automatic else ():
                await self._assign(assignment)

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
        found = {
            ticket.id: team
            for ticket in queue
            if not ticket.team and (team := self._section.team_for(ticket.category, ticket.language))
        }
        if found:
            await self._database.run(teams.file_under, found)

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


def patience_of(section: Routing) -> Patience:
    """How long is waited for agents, by the settings."""
    return Patience(
        away=timedelta(minutes=section.away_minutes),
        gone=timedelta(minutes=section.gone_minutes),
        back=timedelta(minutes=section.return_minutes),
        answer=timedelta(minutes=section.answer_minutes) if section.answer_minutes else None,
    )
