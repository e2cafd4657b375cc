"""Tickets in the staff rooms of channels: posts what happens in threads of their own, in order, once.

What is to be posted is written down first, so that a restart goes on where the last run stopped, and nothing here ever
stands between a person and an answer. Of a post that may have arrived the platform is asked; where it cannot tell, it
is posted again and says so: staff can bear to read a thing twice, not to miss it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from bot.answers import Answers
from bot.briefing import Briefing
from bot.conversation import now
from bot.errors import StorageDown
from bot.files import Files
from bot.loops import rest
from bot.posting import Posting
from bot.settings import DeliverySection
from bot.store import mirroring, outcomes
from bot.store.database import Database
from bot.store.mirroring import Due
from bot.store.outcomes import Arrived
from channels.base import Channel
from channels.errors import ChannelError, Gone, Never, TryAgain
from channels.staff import StaffRoom

log = structlog.get_logger()

#: Seconds between two looks at the timelines.
POLL = 0.5
#: Threads of one room that are posted in at the same time.
AT_ONCE = 8
#: Seconds before the second try; doubled for each further one, up to LONGEST_PAUSE.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 120.0
#: Seconds before what the room does not permit is tried again: somebody must change a right first.
REFUSED_PAUSE = 60.0


class Mirrors:
    """All rooms of `channels`, each in a loop of its own: one that is out of reach holds up no other."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        files: Files,
        answers: Answers,
        settings: DeliverySection,
        trouble: Callable[[str, str, str], None],
    ) -> None:
        self._rooms = [
            _Room(database, channel, channel.staff, files, Briefing(answers), settings, trouble)
            for channel in channels.values()
            if channel.staff
        ]

    def nudge(self) -> None:
        """Something was said or done."""
        for room in self._rooms:
            room.wake.set()

    async def run(self) -> None:
        """Until cancelled; posts being sent are finished first, unless it is cancelled again."""
        # Not a group of tasks: that one hands on the first cancellation only.
        await asyncio.gather(asyncio.Event().wait(), *(room.run() for room in self._rooms))


class _Room:
    """The mirrors in one room."""

    def __init__(
        self,
        database: Database,
        channel: Channel,
        staff: StaffRoom,
        files: Files,
        briefing: Briefing,
        settings: DeliverySection,
        trouble: Callable[[str, str, str], None],
    ) -> None:
        self._database, self._channel, self._staff = database, channel, staff
        self._briefing, self._trouble = briefing, trouble
        self._seconds = settings.timeout_seconds
        self._posting = Posting(database, channel, staff, files, briefing, self._seconds)
        self._stopping = False
        #: Until when a mirror rests after a failure, by ticket, in the loop's time; and how long it rested last.
        self._rests: dict[int, tuple[float, float]] = {}
        #: Until when no answer is marked as arrived.
        self._marks_at = 0.0
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.wake.clear()
            try:
                await self._whole(asyncio.create_task(self._round()))
            except StorageDown as error:
                log.error("storage_down", doing="mirroring tickets", reason=str(error))
                await asyncio.sleep(FIRST_PAUSE)
            except Exception as error:
                # A fault of ours must end neither the other rooms nor the conversations of customers.
                log.exception("mirror_fault", channel=self._channel.name)
                self._tell(f"fault: {type(error).__name__}")
                await asyncio.sleep(REFUSED_PAUSE)
            await rest(self.wake, POLL)

    async def _whole(self, working: asyncio.Task[None]) -> None:
        """A post that is being sent is finished, though a stop comes in between."""
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError:
            self._stopping = True
            try:
                await working
            except Exception as error:  # noqa: BLE001 - whatever it was, the stop goes on: the rows tell what is left
                log.error("mirror_stopped", channel=self._channel.name, reason=type(error).__name__)
            raise

    async def _round(self) -> None:
        name = self._channel.name
        await self._database.run(mirroring.follow, name, self._staff.sources, self._briefing, now())
        await self._database.run(outcomes.tell, name, self._briefing, now())
        free = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._mark())
            for due in await self._database.run(mirroring.due, name):
                if self._rests.get(due.ticket_id, (0.0, 0.0))[0] <= self._time():
                    group.create_task(self._show(due, free))

    async def _show(self, due: Due, free: asyncio.Semaphore) -> None:
        """Everything that is due in one mirror; what goes wrong there is put off."""
        async with free:
            try:
                await self._posted(due)
                self._rests.pop(due.ticket_id, None)
            except Gone as error:
                log.warning("mirror_gone", channel=self._channel.name, ticket=due.number, reason=str(error))
                if due.over and not due.waiting:
                    await self._posting.note(mirroring.closed, self._channel.name, due.ticket_id, now_closed=True)
                else:
                    await self._posting.note(mirroring.lost, self._channel.name, due.ticket_id)
            except TryAgain as error:
                self._put_off(due, error.after, str(error))
            except StorageDown as error:
                self._put_off(due, None, f"storage down: {error}")
            except (ChannelError, TimeoutError) as error:
                reason = str(error) or "no answer in time"
                self._tell(reason)
                self._put_off(due, REFUSED_PAUSE if isinstance(error, Never) else None, reason)
            except Exception as error:
                # The edge of every channel: a fault in one thread must not hold up the others.
                log.exception("mirror_fault", channel=self._channel.name, ticket=due.number)
                self._tell(f"fault: {type(error).__name__}")
                self._put_off(due, REFUSED_PAUSE, f"fault: {type(error).__name__}")

    async def _posted(self, due: Due) -> None:
        name, thread = self._channel.name, due.thread
        if thread is None:
            thread = await self._open(due)
        elif due.closed and due.waiting:
            async with asyncio.timeout(self._seconds):
                await self._staff.reopen(thread)
            await self._posting.note(mirroring.closed, name, due.ticket_id, now_closed=False)
        while not self._stopping and (post := await self._database.run(mirroring.claim, name, due.ticket_id)):
            await self._posting.send(due, thread, post)
        if due.over and not self._stopping:
            async with asyncio.timeout(self._seconds):
                await self._staff.close(thread)
            await self._posting.note(mirroring.closed, name, due.ticket_id, now_closed=True)

    async def _open(self, due: Due) -> str:
        async with asyncio.timeout(self._seconds):
            thread = await self._staff.open(f"{due.number} · {due.title}")
        await self._posting.note(mirroring.opened, self._channel.name, due.ticket_id, thread)
        return thread

    async def _mark(self) -> None:
        """Shows staff which of their answers have arrived."""
        if self._time() < self._marks_at:
            return
        for answer in await self._posting.note(outcomes.arrived, self._channel.name):
            try:
                await self._marked(answer)
            except (TryAgain, TimeoutError) as error:
                after = error.after if isinstance(error, TryAgain) else None
                self._marks_at = self._time() + (FIRST_PAUSE if after is None else after)
                return
            await self._posting.note(outcomes.settled, answer.id)

    async def _marked(self, answer: Arrived) -> None:
        """Raises `TryAgain` or `TimeoutError`."""
        if not answer.thread:
            return
        try:
            async with asyncio.timeout(self._seconds):
                await self._staff.mark(answer.thread, answer.raw)
        except (TryAgain, TimeoutError):
            raise
        except ChannelError as error:
            # The message is gone, or marks are not permitted: the answer has arrived all the same.
            log.info("mirror_not_marked", channel=self._channel.name, reason=str(error))
        except Exception:
            # The edge of every channel: a mark is worth no more than this line.
            log.exception("mirror_fault", channel=self._channel.name, answer=answer.id)

    def _tell(self, reason: str) -> None:
        """For `frontdesk channels`: whoever looks for a ticket in the room must learn why it is not there."""
        self._trouble(self._channel.name, self._staff.place("").account, f"staff room: {reason}")

    def _put_off(self, due: Due, after: float | None, reason: str) -> None:
        last = self._rests.get(due.ticket_id, (0.0, FIRST_PAUSE / 2))[1]
        pause = min(2 * last, LONGEST_PAUSE)
        wait = pause if after is None else after
        self._rests[due.ticket_id] = (self._time() + wait, pause)
        log.warning("mirror_put_off", channel=self._channel.name, ticket=due.number, seconds=wait, reason=reason)

    def _time(self) -> float:
        return asyncio.get_running_loop().time()
