"""A stop: what is under way is finished or left for the next start, and nobody is told of an outage because of it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

import bot.app
import bot.rasa_project
import bot.store.database
from bot.app import App
from bot.conversation import Content
from bot.rasa import RasaServer
from bot.rasa_project import RasaProject
from bot.settings import Settings
from bot.store.database import Database
from channels.memory import Memory
from tests.rasa.test_server import script
from tests.samples import inbound, states, until


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has time."""
    monkeypatch.setattr(bot.app, "GRACE", 0.1)


@pytest.fixture
def app(sqlite: Database, content: Content, settings: Settings, tmp_path: Path) -> App:
    """A Frontdesk that gives Rasa up after three seconds; Rasa never becomes ready, and takes four to be ended."""
    hanging = RasaProject(tmp_path, script(tmp_path / "python", "trap '' TERM; sleep 600 & wait; sleep 600"))
    server = RasaServer(hanging, tmp_path / "none", tmp_path / "rasa.log")
    database = settings.database.model_copy(update={"url": sqlite.url})
    impatient = settings.understanding.model_copy(update={"patience_seconds": 3})
    changed = settings.model_copy(update={"database": database, "understanding": impatient})
    return App(changed, content, {"memory": Memory()}, server)


async def stopped(app: App, during: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs it and stops it at the end of `during`."""
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    await during()
    stop.set()
    await running


@pytest.mark.usefixtures("hasty")
async def test_turn_that_waits_for_rasa_is_left_for_the_next_start(app: App, sqlite: Database) -> None:
    """A message that waits for Rasa when Frontdesk stops stays unhandled: no ticket, no word of an outage."""

    async def waits() -> None:
        await app.hosts["memory"].deliver(inbound("how long does it take"))
        await until(lambda: app.worker._running)

    await stopped(app, waits)
    assert states(sqlite) == [("how long does it take", "received")]


@pytest.mark.usefixtures("hasty")
async def test_stop_does_not_wait_for_a_locked_database(app: App, sqlite: Database, tmp_path: Path) -> None:
    """Whatever another program does with the file, and however much waits for it, the stop takes its few seconds."""
    other = sqlite3.connect(tmp_path / "frontdesk.db", isolation_level=None)
    asked: list[asyncio.Task[Any]] = []

    async def locked() -> None:
        other.execute("BEGIN IMMEDIATE")
        asked.extend(
            asyncio.create_task(app.hosts["memory"].deliver(inbound(str(number), f"e{number}"))) for number in range(5)
        )
        app.delivery.nudge()
        await asyncio.sleep(0.05)

    began = time.monotonic()
    await stopped(app, locked)
    assert time.monotonic() - began < bot.rasa_project.GRACE + bot.store.database.LOCK_PATIENCE
    other.execute("COMMIT")
    other.close()
    await asyncio.gather(*asked, return_exceptions=True)
    assert states(sqlite) == []
