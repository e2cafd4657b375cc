"""Whether Frontdesk can do its work now, and what waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from bot.errors import StorageDown
from bot.metrics import RASA_READY, UNFINISHED, WEBHOOKS_QUEUED
from bot.rasa import RasaServer, State
from bot.store import reading, webhooks
from bot.store.database import Database

log = structlog.get_logger()

#: Why Rasa does not answer; None where it does.
Ready = Callable[[], Awaitable[str | None]]


class Health:
    """Asks the database and Rasa. `server` is our own Rasa; None where settings name another.

    Anybody may ask: the answer has words, the log has addresses, paths and what libraries said.
    """

    def __init__(self, database: Database, rasa: Ready, server: RasaServer | None) -> None:
        self._database = database
        self._rasa = rasa
        self._server = server
        self._told: dict[str, str | None] = {}

    async def report(self) -> dict[str, Any]:
        """`ready`, and for each part "ok", "starting" or "unreachable"."""
        database = self._note("database", await self._database_fault())
        rasa = self._note("understanding", await self._rasa())
        starting = self._server is not None and self._server.state is State.STARTING
        return {
            "ready": not database and not rasa,
            "database": "unreachable" if database else "ok",
            "understanding": ("starting" if starting else "unreachable") if rasa else "ok",
        }

    async def measure(self) -> None:
        """Sets the gauges that nobody counts along the way."""
        RASA_READY.set(0 if await self._rasa() else 1)
        UNFINISHED.clear()
        try:
            waiting = await self._database.run(reading.counts)
            WEBHOOKS_QUEUED.set(await self._database.run(webhooks.queued))
        except StorageDown:
            # `/health` says so; what is counted in memory is still worth telling.
            return
        for (channel, state), count in waiting.items():
            UNFINISHED.labels(channel, state).set(count)

    def _note(self, part: str, fault: str | None) -> str | None:
        """Logs what is wrong once, however often it is asked for."""
        if fault and self._told.get(part) != fault:
            log.warning("not_ready", part=part, reason=fault)
        self._told[part] = fault
        return fault

    async def _database_fault(self) -> str | None:
        try:
            await self._database.run(reading.counts)
        except StorageDown as error:
            return str(error)
        return None
