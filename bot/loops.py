"""What runs beside the app until it is cancelled: it looks, rests, and looks again, whatever the database does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import StorageDown
from bot.metrics import LOOP_FAULTS

log = structlog.get_logger()

#: Seconds before a look that ended in a fault of ours is tried again, at least.
AFTER_FAULT = 10.0

#: One look; true where it left more to do.
Look = Callable[[], Awaitable[bool | None]]


async def every(seconds: float, look: Look, doing: str) -> None:
    """Looks until cancelled: again after `seconds`, or at once where a look left more to do.

    A database that does not answer ends nothing, nor does a fault of ours, which must not keep messages from being
    answered: what was due is due at the next look. `doing` says what was kept from being done.
    """
    while True:
        pause = seconds
        try:
            pause = 0 if await look() else seconds
        except StorageDown as error:
            log.error("storage_down", doing=doing, reason=str(error))
        except Exception:
            pause = max(seconds, AFTER_FAULT)
            LOOP_FAULTS.labels(doing).inc()
            log.exception("loop_fault", doing=doing, again_in_seconds=pause)
        await asyncio.sleep(pause)


async def rest(wake: asyncio.Event, seconds: float) -> None:
    """Until `wake` is set, and `seconds` at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()
