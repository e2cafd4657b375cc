"""A channel without a platform: the terminal's, and the one that tests break on purpose.

What is said to it is delivered like any other message; what it sends is kept in `sent`, in order, and can be awaited.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import ClassVar

from channels.base import Channel, ChannelSettings
from channels.errors import ChannelError, MayHaveArrived
from channels.words import Limits, Outbound, Place, Sent, Signal


class MemorySettings(ChannelSettings):
    """Nothing to set."""


class Memory(Channel):
    """Keeps what it sends.

    `faults` are raised by the next sends, one each, None meaning none; with `MayHaveArrived` the part is kept all the
    same, since there it is the answer that got lost. `gate` is awaited between the moment a message may be sent and
    the moment it is.
    """

    Settings = MemorySettings
    limits: ClassVar[Limits] = Limits(choices=10)

    def __init__(
        self, name: str = "memory", settings: ChannelSettings | None = None, limits: Limits | None = None
    ) -> None:
        super().__init__(name, settings or MemorySettings(type="memory"))
        if limits:
            self.limits = limits  # type: ignore[misc]  # a test may look at the core through another channel's limits
        self.sent: list[Outbound] = []
        self.signals: list[tuple[Place, Signal]] = []
        self.settlings: list[tuple[Place, bool]] = []
        self.waits: list[tuple[Place, str]] = []
        self.faults: deque[ChannelError | None] = deque()
        self.gate = asyncio.Event()
        self.gate.set()
        self._news = asyncio.Condition()

    async def send(self, outbound: Outbound) -> Sent:
        """Raises the next of `faults`; else keeps the part."""
        await self.gate.wait()
        fault = self.faults.popleft() if self.faults else None
        if fault and not isinstance(fault, MayHaveArrived):
            raise fault
        async with self._news:
            self.sent.append(outbound)
            self._news.notify_all()
        if fault:
            raise fault
        return Sent(platform_id=f"memory-{len(self.sent)}")

    async def signal(self, place: Place, signal: Signal) -> None:
        """Keeps it in `signals`."""
        self.signals.append((place, signal))

    async def waiting(self, place: Place, text: str) -> None:
        """Keeps it in `waits`."""
        self.waits.append((place, text))

    async def settled(self, place: Place, *, solved: bool) -> None:
        """Keeps it in `settlings`."""
        self.settlings.append((place, solved))

    async def until(self, count: int) -> list[Outbound]:
        """Everything sent, once that is at least `count` parts."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.sent) >= count)
        return list(self.sent)
