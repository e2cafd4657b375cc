"""Whether Frontdesk can do its work now, and what waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.errors import StorageDown
from bot.metrics import RASA_READY, UNFINISHED
from bot.store import reading
from bot.store.database import Database

#: Why Rasa does not answer; None where it does.
Ready = Callable[[], Awaitable[str | None]]


class Health:
    """Asks the database and Rasa."""

    def __init__(self, database: Database, rasa: Ready) -> None:
        self._database = database
        self._rasa = rasa

    async def report(self) -> dict[str, Any]:
        """`ready`, and for each part "ok" or what is wrong with it."""
        database = await self._database_fault()
        rasa = await self._rasa()
        return {"ready": not database and not rasa, "database": database or "ok", "understanding": rasa or "ok"}

    async def measure(self) -> None:
        """Sets the gauges that nobody counts along the way."""
        RASA_READY.set(0 if await self._rasa() else 1)
        UNFINISHED.clear()
        try:
            waiting = await self._database.run(reading.counts)
        except StorageDown:
            # `/health` says so; what is counted in memory is still worth telling.
            return
        for (channel, state), count in waiting.items():
            UNFINISHED.labels(channel, state).set(count)

    async def _database_fault(self) -> str | None:
        try:
            await self._database.run(reading.counts)
        except StorageDown as error:
            return str(error)
        return None
