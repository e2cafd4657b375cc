"""Keeps the search in step with what is written, and after an update fills it with what was there before."""

from __future__ import annotations

import asyncio

import structlog

from bot.loops import every
from bot.store import indexing
from bot.store.database import Database

log = structlog.get_logger()

#: Seconds between two looks: whoever searches indexes what is newer.
LOOK = 1.0

#: Indexed in one transaction, and seconds between two of them, in which messages are received and answered.
AT_ONCE = 200
BREATH = 0.02

#: More than this is told, and again whenever as much is done.
MANY = 20_000


class Indexing:
    """Turns what was written, changed or removed into what a search reads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._untold = MANY

    async def run(self) -> None:
        """Until cancelled. What is not indexed then is after the next start."""
        await every(LOOK, self._look, "indexing what was written")

    async def _look(self) -> bool:
        done = await self._database.run(indexing.index, AT_ONCE)
        await self._tell(done)
        if done < AT_ONCE:
            return False
        await asyncio.sleep(BREATH)
        return True

    async def _tell(self, done: int) -> None:
        """How far it is, where there is much to do."""
        self._untold = self._untold + done if done == AT_ONCE else MANY
        if done == AT_ONCE and self._untold >= MANY:
            self._untold = 0
            left = await self._database.run(indexing.waiting)
            if left > MANY:
                log.info("search_is_filled", left=left)
