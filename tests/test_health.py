"""What anybody may ask of health, and what only the log tells."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import bot.store.database
from bot.health import Health
from bot.rasa import RasaServer, State
from bot.rasa_project import RasaProject
from bot.store.database import Database

FAULT = "cannot connect to host 10.1.2.3:5005; its log is /srv/var/rasa.log"


async def down() -> str:
    return FAULT


async def test_a_fault_of_rasa_is_a_word(sqlite: Database) -> None:
    """Where Rasa is and what was said of it is in the log, once, and not in the answer."""
    health = Health(sqlite, down, None)
    with capture_logs() as logs:
        for _ in range(3):
            assert await health.report() == {"ready": False, "database": "ok", "understanding": "unreachable"}
    assert [(entry["event"], entry["part"], entry["reason"]) for entry in logs] == [
        ("not_ready", "understanding", FAULT)
    ]


async def test_a_rasa_that_starts_is_told_apart(sqlite: Database, tmp_path: Path) -> None:
    """Who waits for a start knows that it is one."""
    server = RasaServer(RasaProject(tmp_path), tmp_path / "model", tmp_path / "rasa.log")
    server.state = State.STARTING
    assert (await Health(sqlite, down, server).report())["understanding"] == "starting"


async def test_a_fault_of_the_database_is_a_word(
    sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the driver said is in the log, and not in the answer."""
    monkeypatch.setattr(bot.store.database, "LOCK_PATIENCE", 0.05)
    other = sqlite3.connect(tmp_path / "frontdesk.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database = Database(sqlite.url)
    with capture_logs() as logs:
        report = await Health(database, down, None).report()
    other.close()
    database.close()
    assert report["database"] == "unreachable"
    assert ["locked" in entry["reason"] for entry in logs] == [True, False]
