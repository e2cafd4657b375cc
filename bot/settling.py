"""Shows on the platform that a conversation is solved, or not any more: a forum post gets its tag."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog

from bot.conversation import now
from bot.loops import every
from bot.store import settling
from bot.store.database import Database
from bot.store.settling import Standing
from channels.base import Channel
from channels.errors import ChannelError, Never

log = structlog.get_logger()

#: Seconds between two looks: agents solve tickets in other processes too.
LOOK = 1.0

#: Told at the same time, and seconds a platform has for it.
AT_ONCE = 8
PATIENCE = 30.0

#: Seconds before the second try, doubled up to the longest, and how long it is tried.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 600.0
TRIED_FOR = timedelta(days=1)


class Settling:
    """Tells `channels` how their conversations stand."""

    def __init__(self, database: Database, channels: Mapping[str, Channel]) -> None:
        self._database = database
        self._channels = channels

    async def run(self) -> None:
        """Until cancelled. What is not told then is told after the next start."""
        await every(LOOK, self._look, "telling what is solved")

    async def _look(self) -> bool:
        """Whether there is more. What was told and could not be noted is told again, which changes nothing."""
        found = await self._database.run(settling.due, self._channels.keys(), now(), AT_ONCE)
        await asyncio.gather(*map(self._tell, found))
        return len(found) == AT_ONCE

    async def _tell(self, standing: Standing) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._channels[standing.channel].settled(standing.place, solved=standing.solved)
        except Never as error:
            log.warning("not_shown_as_solved", conversation=standing.conversation_id, reason=str(error))
        except (ChannelError, TimeoutError) as error:
            await self._put_off(standing, str(error) or "no answer in time")
            return
        except Exception as error:
            # The edge of every channel: its fault must not keep the others from being told.
            log.exception("settling_fault", channel=standing.channel, conversation=standing.conversation_id)
            await self._put_off(standing, f"fault of the channel: {type(error).__name__}")
            return
        await self._database.run(settling.told, standing)

    async def _put_off(self, standing: Standing, reason: str) -> None:
        if now() - standing.since > TRIED_FOR:
            log.error("not_shown_as_solved", conversation=standing.conversation_id, reason=reason)
            await self._database.run(settling.told, standing)
            return
        pause = min(FIRST_PAUSE * 2 ** min(standing.tries, 20), LONGEST_PAUSE)
        log.warning("settling_put_off", conversation=standing.conversation_id, seconds=pause, reason=reason)
        await self._database.run(settling.put_off, standing, now() + timedelta(seconds=pause))
