"""What lets a test decide the order of events: transactions and sends that wait in line, and a clock that stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from bot.store.database import Database, Session
from channels.memory import Memory
from channels.words import Outbound, Sent

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class StoppedClock(asyncio.SelectorEventLoop):
    """An event loop whose time passes only when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0
        super().__init__()

    def time(self) -> float:
        return self.seconds

    def busy(self) -> bool:
        """Whether anything but the caller is to run now, timers that are due included."""
        timers = self._scheduled  # type: ignore[attr-defined]  # nothing public tells
        due = any(not timer.cancelled() and timer.when() <= self.seconds for timer in timers)
        return due or bool(self._ready)  # type: ignore[attr-defined]


class Line:
    """What waits to happen, in the order it came up."""

    def __init__(self) -> None:
        self._all: list[tuple[str, asyncio.Future[None]]] = []

    def waiting(self) -> list[tuple[str, asyncio.Future[None]]]:
        """Whose turn may come, by name of the work; "send" for a send."""
        self._all = [step for step in self._all if not step[1].done()]
        return self._all

    async def turn(self, name: str) -> None:
        """Returns when it is let go."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._all.append((name, future))
        await future


class Held(asyncio.Event):
    """A channel's gate at which each send waits on its own."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    async def wait(self) -> Literal[True]:
        await self._line.turn("send")
        return True


class HeldDatabase(Database):
    """A database whose transactions wait in line. `done` is told what was committed, before anything else happens."""

    line: Line
    done: Callable[[Callable[..., Any], tuple[Any, ...]], None]

    async def run(
        self,
        work: Callable[Concatenate[Session, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        await self.line.turn(work.__name__)
        result = self.transact(work, *args, **kwargs)
        self.done(work, args)
        return result


class Knowing(Memory):
    """A platform that can be asked what it has."""

    async def find(self, outbound: Outbound) -> Sent | None:
        return Sent() if any(sent.key == outbound.key for sent in self.sent) else None
