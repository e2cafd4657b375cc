"""The loop that fills the search."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

import bot.indexing
from bot.indexing import Indexing
from bot.store import indexing
from bot.store.database import Database
from bot.store.search_tables import SearchEntry
from tests.samples import arrive, inbound, rows, until


@asynccontextmanager
async def at_work(database: Database) -> AsyncIterator[None]:
    """The loop runs."""
    task = asyncio.create_task(Indexing(database).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def rename(database: Database, table: str, name: str) -> None:
    database.transact(lambda session: session.execute(text(f"ALTER TABLE {table} RENAME TO {name}")))


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks in quick succession."""
    monkeypatch.setattr(bot.indexing, "LOOK", 0.01)


async def test_all_that_was_written_is_indexed(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is more than fits into one transaction, of which the log tells how much is left."""
    monkeypatch.setattr(bot.indexing, "AT_ONCE", 2)
    monkeypatch.setattr(bot.indexing, "MANY", 3)
    for number in range(5):
        arrive(sqlite, inbound(f"message {number}", f"e{number}"))
    with capture_logs() as told:
        async with at_work(sqlite):
            await until(lambda: sqlite.transact(indexing.waiting) == 0)
    assert len(rows(sqlite, SearchEntry)) == 6
    assert [line for line in told if line["event"] == "search_is_filled"] == [
        {"event": "search_is_filled", "left": 4, "log_level": "info"}
    ]


async def test_a_database_that_is_away_ends_nothing(sqlite: Database) -> None:
    """The loop says so, and goes on when it is there again."""
    arrive(sqlite, inbound())
    rename(sqlite, "searchdue", "elsewhere")
    with capture_logs() as told:
        async with at_work(sqlite):
            await until(lambda: told)
            rename(sqlite, "elsewhere", "searchdue")
            await until(lambda: len(rows(sqlite, SearchEntry)) == 2)
    assert {line["event"] for line in told} == {"storage_down"}
