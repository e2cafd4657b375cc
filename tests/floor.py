"""A worker at work, and a mind that fails when told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.conversation import Content, Conversations, now
from bot.settings import Settings
from bot.store.database import Database
from bot.store.tables import Message
from bot.understood import Guess, Understood
from bot.worker import Worker
from channels.memory import Memory
from channels.words import Inbound, Place, Signal
from tests.samples import arrive, rows, states, until

BOB = Place(account="bot-1", handle="bob")


@dataclass
class Mind:
    """Takes everything for a question about withdrawals; `before` happens first, and may fail."""

    before: Callable[[str], Awaitable[None]] | None = None
    asked: list[str] = field(default_factory=list)

    async def __call__(self, text: str) -> Understood:
        self.asked.append(text)
        if self.before:
            await self.before(text)
        return Understood((Guess("withdrawal_time", 0.97), Guess("withdrawal_how", 0.01)))


@dataclass
class Floor:
    """A worker, and what it showed and announced."""

    worker: Worker
    database: Database
    shown: list[tuple[str, Place, Signal]] = field(default_factory=list)
    settled: int = 0

    def hear(self, said: Inbound) -> int:
        """A message is stored and its turn expected; the conversation's id."""
        arrival = arrive(self.database, said, now())
        if arrival.ready_at:
            self.worker.expect(arrival.conversation_id, arrival.ready_at)
        return arrival.conversation_id


def floor_of(database: Database, content: Content, settings: Settings, mind: Mind) -> Floor:
    """A worker that does not run yet."""
    conversations = Conversations(database, content, mind, settings, {"memory": Memory()})

    async def show(channel: str, place: Place, signal: Signal) -> None:
        floor.shown.append((channel, place, signal))

    def settled() -> None:
        floor.settled += 1

    floor = Floor(Worker(database, conversations, ["memory"], show, settled), database)
    return floor


@asynccontextmanager
async def at_work(floor: Floor) -> AsyncIterator[Floor]:
    """While the worker runs."""
    task = asyncio.create_task(floor.worker.run())
    try:
        yield floor
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until_handled(database: Database, count: int) -> None:
    """Returns once that many messages are handled."""
    await until(lambda: [state for _, state in states(database)].count("handled") == count)


def replies(database: Database) -> list[str]:
    """What was queued for the user."""
    return [message.text for message in rows(database, Message) if message.event_id is None]
