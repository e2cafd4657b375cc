"""The desk's stream: one look at the database every moment, for all pages that are open, says what changed."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from bot.conversation import now
from bot.loops import every
from bot.store import desk
from bot.store.database import Database

#: Seconds between two looks.
LOOK = 0.5

#: Seconds after which a page that hears nothing else hears that it is still connected.
BEAT = 10.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look found: the newest line of any timeline, and the mark of each ticket that is open on a page."""

    event: int
    marks: Mapping[str, str]


class LiveDesk:
    """Watches the database while anybody listens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: Counter[str] = Counter()
        #: None until there was a look at all that is open now.
        self._seen: Seen | None = None
        self._looked = asyncio.Condition()
        self._watch: asyncio.Task[None] | None = None

    async def changes(self, number: str, event: int, mark: str) -> AsyncIterator[str]:
        """`queue` when any ticket changed, `ticket` when the one called `number` did, "" as a sign of life.

        Counted from what the page shows: the newest line `event`, and the ticket's `mark`.
        """
        async with self._listening(number):
            while True:
                seen = await self._other_than(number, event, mark)
                if seen is None:
                    yield ""
                    continue
                if seen.event != event:
                    yield "queue"
                if seen.marks.get(number, "") != mark:
                    yield "ticket"
                event, mark = seen.event, seen.marks.get(number, "")

    @contextlib.asynccontextmanager
    async def _listening(self, number: str) -> AsyncIterator[None]:
        self._open[number] += 1
        self._seen = None
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._open -= Counter([number])
            if not self._open and self._watch is not None:
                self._watch.cancel()
                self._watch = None

    async def _other_than(self, number: str, event: int, mark: str) -> Seen | None:
        """The first look that found something else; None where none does for a while."""

        def changed() -> bool:
            return self._seen is not None and (self._seen.event, self._seen.marks.get(number, "")) != (event, mark)

        try:
            async with asyncio.timeout(BEAT), self._looked:
                await self._looked.wait_for(changed)
                return self._seen
        except TimeoutError:
            return None

    async def _run(self) -> None:
        await every(LOOK, self._look, "watching for the desk")

    async def _look(self) -> None:
        wanted = [number for number in self._open if number]
        event = await self._database.run(desk.last_event)
        marks = await self._database.run(desk.marks, wanted, now()) if wanted else {}
        if set(wanted) >= {number for number in self._open if number}:
            async with self._looked:
                self._seen = Seen(event, marks)
                self._looked.notify_all()
