"""What waits at the same time shares a commit on SQLite, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from threading import Event

import pytest
from sqlalchemy import event

from bot.errors import StorageDown
from bot.store import inbox
from bot.store.channel_tables import Cursor
from bot.store.database import Database, Session
from tests.samples import rows


class Queue:
    """A database whose thread is busy until it is let go, so that everything asked of it waits."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.commits = 0
        self.tasks: list[asyncio.Task[None]] = []
        self._go = Event()
        event.listen(database._engine, "commit", self._count)

    async def hold(self) -> None:
        """From here on pieces of work wait."""
        began = Event()

        def busy(_: Session) -> None:
            began.set()
            self._go.wait(20)

        self.tasks.append(asyncio.create_task(self.database.run(busy)))
        await asyncio.to_thread(began.wait, 20)

    async def add(self, account: str, error: Exception | None = None) -> asyncio.Task[None]:
        """A piece of work that writes a row, and then raises `error`."""

        def work(session: Session) -> None:
            inbox.keep_cursor(session, "memory", account, "7")
            session.flush()
            if error:
                raise error

        self.tasks.append(asyncio.create_task(self.database.run(work)))
        await asyncio.sleep(0)
        return self.tasks[-1]

    async def end(self) -> list[object]:
        """Lets the thread go; what became of each piece."""
        self._go.set()
        return list(await asyncio.gather(*self.tasks, return_exceptions=True))

    def kept(self) -> list[str]:
        """Accounts with a row, as another process sees them."""
        other = Database(self.database.url)
        found = sorted(row.account for row in rows(other, Cursor))
        other.close()
        return found

    def _count(self, _: object) -> None:
        self.commits += 1


@pytest.fixture
async def queue(sqlite: Database) -> AsyncIterator[Queue]:
    """A thread that is busy."""
    queue = Queue(sqlite)
    await queue.hold()
    yield queue
    await queue.end()


async def test_what_waits_shares_a_commit(queue: Queue) -> None:
    """Five pieces that wait, and the one they wait for, are one transaction."""
    for number in range(5):
        await queue.add(str(number))
    await queue.end()
    assert queue.commits == 1
    assert queue.kept() == list("01234")


async def test_one_that_raises_harms_no_other(queue: Queue) -> None:
    """Its error is its own and nothing of it is kept; what was done before and after it is."""
    await queue.add("before")
    await queue.add("broken", LookupError("on purpose"))
    await queue.add("after")
    ended = await queue.end()
    assert [type(error) for error in ended] == [type(None), type(None), LookupError, type(None)]
    assert queue.kept() == ["after", "before"]


async def test_cancelled_while_waiting_is_not_done(queue: Queue) -> None:
    """Whoever goes away before the work began leaves nothing."""
    task = await queue.add("gone")
    await queue.add("here")
    task.cancel()
    await asyncio.sleep(0)
    await queue.end()
    assert queue.kept() == ["here"]


async def test_closing_undoes_what_runs_and_what_waits(queue: Queue) -> None:
    """Once closed nothing is written: what runs is told so, what waits is cancelled."""
    await queue.add("waiting")
    queue.database.close()
    running, waiting = await queue.end()
    assert isinstance(running, StorageDown)
    assert isinstance(waiting, asyncio.CancelledError)
    assert queue.kept() == []
