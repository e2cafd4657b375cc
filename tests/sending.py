"""An outbox at work on a channel, and channels that fail as platforms do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bot.delivery import Delivery
from bot.files import Files
from bot.settings import DeliverySection
from bot.store.database import Database
from bot.store.tables import Message
from channels.memory import Memory
from channels.words import Limits, Outbound, Place, Sent
from tests.samples import NOW, rows, states, until

BOB = Place(account="bot-1", handle="bob")
SETTINGS = DeliverySection(attempts=3, timeout_seconds=5)


@dataclass
class Clock:
    """The time of the outbox; it stands until it is moved."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


class Asked(Memory):
    """A platform that can be asked what it has: `answer` is what it says."""

    answer: Sent | Exception | None = None

    async def find(self, outbound: Outbound) -> Sent | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Cramped(Memory):
    """A channel that takes fewer characters where Bob is."""

    def limits_at(self, place: Place) -> Limits:
        return replace(self.limits, text=15) if place == BOB else self.limits


class Broken(Memory):
    """A channel with a fault of its own wherever it writes to Bob."""

    async def send(self, outbound: Outbound) -> Sent:
        if outbound.place.handle == "bob":
            raise ZeroDivisionError("a fault of the channel")
        return await super().send(outbound)


def outbox_of(database: Database, channel: Memory, settings: DeliverySection = SETTINGS) -> Delivery:
    """A sender that does not run yet."""
    return Delivery(database, {channel.name: channel}, Files(Path("unused")), settings)


@asynccontextmanager
async def sending(database: Database, channel: Memory, settings: DeliverySection = SETTINGS) -> AsyncIterator[Delivery]:
    """A sender at work."""
    delivery = outbox_of(database, channel, settings)
    task = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        channel.gate.set()
        task.cancel()
        await asyncio.wait([task])


async def until_state(database: Database, **expected: str) -> None:
    """Returns once the messages with these texts are in these states."""
    await until(lambda: expected.items() <= dict(states(database)).items())


def last(database: Database) -> Message:
    """The newest message."""
    return rows(database, Message)[-1]


def texts(channel: Memory) -> list[str]:
    """What was sent."""
    return [outbound.text for outbound in channel.sent]
