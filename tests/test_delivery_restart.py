"""The outbox across stops, kills and a database that is away: nothing lost, nothing said twice."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import pytest
from structlog.testing import capture_logs

import bot.delivery
import bot.store.database
from bot.errors import StorageDown
from bot.store import outbox
from bot.store.database import Database, Session
from bot.store.tables import Message
from channels.memory import Memory
from channels.words import Limits, Sent
from tests.samples import NOW, answer, inbound, later, rows, states, until
from tests.sending import Asked, Clock, outbox_of, sending, texts, until_state

pytestmark = pytest.mark.usefixtures("clock")

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def interrupted(database: Database, *replies: str) -> None:
    """Replies of which the first was being sent when the sender died."""
    answer(database, inbound(), *replies)
    database.transact(outbox.claim, ["memory"], NOW, 10)


RESTARTS: Mapping[str, tuple[Memory, str]] = {
    "cannot tell": (Memory(), "unknown"),
    "tells it twice harmlessly": (Memory(limits=Limits(idempotent=True)), "sent"),
}


@pytest.mark.parametrize("how", RESTARTS)
async def test_restart_settles_what_was_interrupted(sqlite: Database, how: str) -> None:
    """What was being sent is sent again where that shows once, unknown where nobody can tell; the next one follows."""
    channel, expected = RESTARTS[how]
    interrupted(sqlite, "one", "two")
    async with sending(sqlite, channel):
        await until_state(sqlite, one=expected, two="sent")
    assert rows(sqlite, Message)[1].error in (None, "interrupted by a restart")


@pytest.mark.parametrize(("found", "sent"), [(Sent(), ["two"]), (None, ["one", "two"])], ids=["there", "not there"])
async def test_restart_asks_the_platform(sqlite: Database, clock: Clock, found: Sent | None, sent: list[str]) -> None:
    """Where the platform can be asked, what it has is not repeated and what it lacks is sent."""
    interrupted(sqlite, "one", "two")
    channel = Asked()
    channel.answer = found
    clock.at = later(0)
    async with sending(sqlite, channel):
        await until(lambda: dict(states(sqlite))["one"] != "sending")
        clock.at = later(5)
        await until_state(sqlite, one="sent", two="sent")
    assert texts(channel) == sent


@pytest.mark.parametrize("killed", [True, False])
async def test_cut_that_changed_is_unknown(sqlite: Database, *, killed: bool) -> None:
    """Where limits changed after some parts were sent, the rest cannot be told: unknown, and nothing stands still."""
    answer(sqlite, inbound(), "first part\n\nsecond part\n\nthird part", "next")
    (dispatch,) = sqlite.transact(outbox.claim, ["memory"], NOW, 1)
    for _ in range(2):
        sqlite.transact(outbox.part_sent, dispatch.message.id, 0, "p", last=False, now=NOW)
    if not killed:
        sqlite.transact(outbox.put_back, dispatch.message.id, NOW, "busy")
    channel = Memory()
    async with sending(sqlite, channel):
        await until_state(sqlite, next="sent")
    assert rows(sqlite, Message)[1].state.value == "unknown"
    assert texts(channel) == ["next"]


async def test_send_is_noted_however_long_the_database_takes(
    sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database locked at the moment a send returns delays the note; the message is neither lost nor said twice."""
    monkeypatch.setattr(bot.store.database, "PAUSE", 0.01)
    monkeypatch.setattr(bot.store.database, "LOCK_PATIENCE", 0.05)
    database = Database(sqlite.url)
    answer(database, inbound(), "hello")
    channel = Memory()
    channel.gate.clear()
    other = sqlite3.connect(tmp_path / "frontdesk.db", isolation_level=None)
    with capture_logs() as logs:
        async with sending(database, channel):
            await until_state(database, hello="sending")
            other.execute("BEGIN IMMEDIATE")
            channel.gate.set()
            await until(lambda: any(line.get("doing") == "noting a send" for line in logs))
            other.execute("COMMIT")
            await until_state(database, hello="sent")
    other.close()
    database.close()
    assert texts(channel) == ["hello"]


class Stopping(Database):
    """A database during whose claim the sender is told to stop."""

    sender: asyncio.Task[None]

    async def run(
        self,
        work: Callable[Concatenate[Session, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        result = await super().run(work, *args, **kwargs)
        if work is outbox.claim and result:
            self.sender.cancel()
            await asyncio.sleep(0)
        return result


async def test_stop_sends_what_is_claimed(sqlite: Database) -> None:
    """A stop between the claim and the send leaves nothing half claimed: the message is sent, once."""
    answer(sqlite, inbound(), "one", "two")
    channel, database = Memory(), Stopping(sqlite.url)
    database.sender = asyncio.create_task(outbox_of(database, channel).run())
    with pytest.raises(asyncio.CancelledError):
        await database.sender
    database.close()
    assert [state for _, state in states(sqlite)] == ["handled", "sent", "queued"]
    assert texts(channel) == ["one"]


async def test_stop_finishes_what_is_being_sent(sqlite: Database) -> None:
    """A sender told to stop lets its send end and notes it, and begins no other."""
    answer(sqlite, inbound(), "one", "two")
    channel = Memory()
    channel.gate.clear()
    delivery = outbox_of(sqlite, channel)
    task = asyncio.create_task(delivery.run())
    await until_state(sqlite, one="sending")
    task.cancel()
    await asyncio.sleep(0)
    channel.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [state for _, state in states(sqlite)] == ["handled", "sent", "queued"]
    assert texts(channel) == ["one"]


class Lossy(Database):
    """A database whose first claim is written, though the answer is lost with the connection."""

    lost = False

    async def run(
        self,
        work: Callable[Concatenate[Session, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        result = await super().run(work, *args, **kwargs)
        if work is outbox.claim and result and not self.lost:
            self.lost = True
            raise StorageDown("the connection broke during the commit")
        return result


async def test_lost_claim_is_sent(sqlite: Database) -> None:
    """A message claimed without anybody hearing of it is sent, once, without a restart, and the next one follows."""
    answer(sqlite, inbound(), "one", "two")
    channel, database = Memory(), Lossy(sqlite.url)
    async with sending(database, channel):
        await until_state(sqlite, one="sent", two="sent")
    database.close()
    assert texts(channel) == ["one", "two"]
    assert [message.attempts for message in rows(sqlite, Message)] == [0, 1, 1]
