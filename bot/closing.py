"""Closes for good what was solved some time ago: until then it can be opened again."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot.conversation import now
from bot.loops import every
from bot.store import changing
from bot.store.database import Database

log = structlog.get_logger()

#: Seconds between two looks, and how many tickets are closed in one transaction.
LOOK = 60.0
MOST = 100


class Closing:
    """Tickets are closed so long after they were solved."""

    def __init__(self, database: Database, after: timedelta) -> None:
        self._database = database
        self._after = after

    async def run(self) -> None:
        """Until cancelled."""
        await every(LOOK, self._look, "closing solved tickets")

    async def close_due(self) -> int:
        """How many were closed, of at most `MOST`. Raises `StorageDown`."""
        moment = now()
        closed = await self._database.run(changing.close_old, moment - self._after, moment, MOST)
        if closed:
            log.info("tickets_closed", tickets=closed)
        return len(closed)

    async def _look(self) -> bool:
        return await self.close_due() == MOST
