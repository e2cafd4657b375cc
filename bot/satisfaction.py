"""Asks people how it was, once for a ticket, on the channel they were told on that it is solved.

Nobody knows when it is night where a user is. The question comes minutes after an agent has solved the ticket, and
never later than a day after: so it is asked at whatever hour that is.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import structlog

from bot import scores
from bot.answers import Answers
from bot.conversation import now
from bot.loops import every
from bot.outside_sections import SatisfactionSection
from bot.store import ratings
from bot.store.database import Database
from bot.store.ratings import Question

log = structlog.get_logger()

#: Seconds between two looks, and tickets looked at in one.
LOOK = 5.0
AT_ONCE = 50

#: A ticket that was solved longer ago is not asked about any more: after a day off, say.
LATEST = timedelta(days=1)


class Satisfaction:
    """For the conversations of `channels`, by name."""

    def __init__(
        self, database: Database, answers: Answers, channels: Collection[str], settings: SatisfactionSection
    ) -> None:
        self._database = database
        self._answers = answers
        self._channels = channels
        self._settings = settings

    async def run(self) -> None:
        """Until cancelled. What is due while nobody looks is asked after the next start, within a day."""
        await every(LOOK, self._look, "asking how it was")

    async def _look(self) -> bool:
        return self._settings.enabled and await self.ask_due() == AT_ONCE

    async def ask_due(self) -> int:
        """Asks whoever is due; how many tickets were looked at. Raises `StorageDown`."""
        until = now() - timedelta(minutes=self._settings.after_minutes)
        since = until - LATEST
        found = await self._database.run(ratings.candidates, list(self._channels), since, until, AT_ONCE)
        for ticket_id in found:
            if await self._database.run(ratings.ask, ticket_id, self._question, now()):
                log.info("asked_how_it_was", ticket_id=ticket_id)
        return len(found)

    def _question(self, ticket_id: int, language: str | None) -> Question:
        spoken = language if language and language in self._answers.languages else self._answers.languages[0]
        text = self._answers.sentence("rating_ask", spoken)
        return Question(text, spoken, scores.choices(self._answers, ticket_id, spoken))
