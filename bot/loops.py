"""What runs beside the app until it is cancelled: it looks, rests, and looks again, whatever the database does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import StorageDown

log = structlog.get_logger()

#: One look; true where it left more to do.
Look = Callable[[], Awaitable[bool | None]]


async def every(seconds: float, look: Look, doing: str) -> None:
    """Looks until cancelled: again after `seconds`, or at once where a look left more to do.

    A database that does not answer ends nothing: what was due is due at the next look. `doing` says what it kept from
    being done.
    """
    while True:
        more: bool | None = False
        try:
            more = await look()
        except StorageDown as error:
            log.error("storage_down", doing=doing, reason=str(error))
        if not more:
            await asyncio.sleep(seconds)


async def rest(wake: asyncio.Event, seconds: float) -> None:
    """Until `wake` is set, and `seconds` at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()
