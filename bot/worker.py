"""Runs each conversation's turn when its time has come: one at a time in a conversation, many conversations at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

import structlog

from bot.conversation import Conversations, now
from bot.errors import Overtaken, StorageDown
from bot.loops import every
from bot.metrics import FAULTS, TURN_SECONDS
from bot.store import turns
from bot.store.database import Database
from bot.store.turn import Finished, Turn
from channels.words import Owner, Place, Signal

log = structlog.get_logger()

#: Turns one look begins.
AT_ONCE = 128

#: Seconds between two looks into the database for turns nobody announced: those of before a restart.
SWEEP = 1.0

#: Seconds a turn takes before the user is shown that somebody types.
BEFORE_TYPING = 0.4

#: Seconds before a turn is tried again that the database refused.
PAUSE = 1.0

#: Shows a signal at a place of a channel.
Show = Callable[[str, Place, Signal], Awaitable[None]]


class Worker:
    """Works off the turns of `channels`."""

    def __init__(
        self,
        database: Database,
        conversations: Conversations,
        channels: Collection[str],
        show: Show,
        settled: Callable[[], None],
    ) -> None:
        self._database = database
        self._conversations = conversations
        self._channels = channels
        self._show = show
        self._settled = settled
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._stopping = False

    def expect(self, conversation_id: int, ready_at: datetime) -> None:
        """The conversation's turn may begin at `ready_at`; a later call for the same conversation moves it."""
        self._later(conversation_id, (ready_at - now()).total_seconds())

    async def run(self) -> None:
        """Until cancelled; turns under way are finished first."""
        try:
            await every(SWEEP, self._sweep, "looking for turns")
        finally:
            self._stopping = True
            for timer in self._timers.values():
                timer.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _sweep(self) -> None:
        for conversation_id in await self._database.run(turns.ready, self._channels, now(), AT_ONCE):
            if conversation_id not in self._timers:
                self._begin(conversation_id)

    def _later(self, conversation_id: int, seconds: float) -> None:
        timer = self._timers.pop(conversation_id, None)
        if timer:
            timer.cancel()
        if seconds <= 0:
            self._begin(conversation_id)
        else:
            self._timers[conversation_id] = asyncio.get_running_loop().call_later(seconds, self._begin, conversation_id)

    def _begin(self, conversation_id: int) -> None:
        self._timers.pop(conversation_id, None)
        # A turn under way looks for more when it is finished; what a stop leaves is found at the next start.
        if conversation_id not in self._running and not self._stopping:
            self._running[conversation_id] = asyncio.create_task(self._work(conversation_id))

    async def _work(self, conversation_id: int) -> None:
        again: float | None = None
        try:
            again = await self._turn(conversation_id)
        except Overtaken:
            again = 0.0
        except StorageDown as error:
            log.error("storage_down", doing="a turn", conversation=conversation_id, reason=str(error))
            again = PAUSE
        except Exception:
            # Not even the ticket could be opened. The message stays where it is, and every sweep tries it again.
            log.exception("turn_lost", conversation=conversation_id)
        finally:
            del self._running[conversation_id]
        if again is not None:
            self._later(conversation_id, again)

    async def _turn(self, conversation_id: int) -> float | None:
        """Handles one turn; seconds until the next of the conversation, None where nothing waits."""
        turn = await self._conversations.load(conversation_id)
        if turn is None:
            return None
        with TURN_SECONDS.time():
            finished = await self._handled(turn)
        self._settled()
        return (finished.ready_at - now()).total_seconds() if finished.ready_at else None

    async def _handled(self, turn: Turn) -> Finished:
        typing = asyncio.create_task(self._type(turn)) if turn.owner is Owner.BOT else None
        try:
            return await self._conversations.handle(turn)
        except (Overtaken, StorageDown):
            raise
        except Exception:
            # The edge of every turn: whatever is wrong with our code or content, a human gets the message.
            log.exception("turn_fault", conversation=turn.conversation_id)
            FAULTS.labels(turn.channel).inc()
            return await self._conversations.give_to_human(turn)
        finally:
            if typing:
                typing.cancel()

    async def _type(self, turn: Turn) -> None:
        await asyncio.sleep(BEFORE_TYPING)
        await self._show(turn.channel, turn.place, Signal.TYPING)
