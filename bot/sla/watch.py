"""Keeps the clocks of all tickets: counts them anew when something happened, and acts when their time is up."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from bot.answers import Answers
from bot.conversation import now
from bot.errors import Refused, StorageDown
from bot.loops import every
from bot.sla.calendar import Calendar
from bot.sla.policies import Policies
from bot.sla.telling import when
from bot.store import clocks
from bot.store.acting import Hooks, Offer
from bot.store.database import Database

log = structlog.get_logger()

#: Seconds between two looks; a deadline is acted on as much later.
LOOK = 1.0

#: How long a ticket is left alone whose clocks cannot be counted.
REST = timedelta(minutes=5)

#: Tickets in one round.
AT_ONCE = 100


class Watch:
    """Acts on the clocks of the tickets in `database`. `offer` offers a call-back, in the transaction of the breach."""

    def __init__(self, database: Database, policies: Policies, answers: Answers, offer: Offer | None = None) -> None:
        self._database = database
        self._policies = policies
        self._answers = answers
        self._hooks = Hooks(self._renewed, offer)

    async def run(self) -> None:
        """Until cancelled. What is due while nobody watches is done after the next start."""
        await self._database.run_surely("looking at all clocks", clocks.follow, self._policies.digest, now())
        await every(LOOK, self._look, "watching clocks")

    async def look(self, at: datetime) -> int:
        """Counts and acts where something is due at `at`; how many tickets that were. Raises `StorageDown`."""
        found = await self._database.run(clocks.due, at, AT_ONCE)
        for number in found:
            await self._one(number, at)
        return len(found)

    async def _look(self) -> bool:
        return await self.look(now()) == AT_ONCE

    async def _one(self, number: str, at: datetime) -> None:
        try:
            done = await self._database.run(clocks.look, number, self._policies, self._hooks, at)
        except Refused as error:
            log.warning("clock_not_looked_at", ticket=number, reason=str(error))
            return
        except StorageDown:
            raise
        except Exception:
            # A fault in one ticket's clocks must not keep the others from being looked at, nor end what runs beside.
            log.exception("clock_fault", ticket=number, again_in=str(REST))
            await self._database.run(clocks.put_off, number, at + REST)
            return
        for what in done:
            log.info("clock", ticket=number, what=what)

    def _renewed(self, language: str | None, due: datetime, calendar: Calendar, at: datetime) -> str:
        known = self._answers.languages
        said = language if language and language in known else known[0]
        return self._answers.sentence("promise_renewed", said, when=when(self._answers, said, due, calendar, at))
