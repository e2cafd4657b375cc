"""Two Frontdesks on one database: only one may run a channel."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

import bot.app
from bot.app import App
from bot.conversation import Content
from bot.errors import Refused, StorageDown
from bot.settings import Settings
from bot.store.database import Database
from bot.store.lease import Lease, lease_on
from channels.memory import Memory


@pytest.fixture
def leases(database: Database) -> Iterator[list[Lease]]:
    """Two who want the same channels, each connected on their own."""
    with ExitStack() as stack:
        found = [lease_on(database, ["webchat", "mail/one"]) for _ in range(2)]
        for lease in found:
            stack.callback(lease.release)
        yield found


def test_second_is_refused(leases: list[Lease]) -> None:
    """Whoever comes second is told which channel, and what to do; once the first is gone it may."""
    first, second = leases
    first.take()
    first.take()
    for _ in range(2):
        with pytest.raises(Refused, match=r'"webchat" on this database: stop it, or name another in database\.url'):
            second.take()
    first.release()
    second.take()
    with pytest.raises(Refused):
        first.take()


def test_other_channels_run_beside(database: Database, leases: list[Lease]) -> None:
    """A channel of another name is nobody's business."""
    leases[0].take()
    beside = lease_on(database, ["terminal"])
    beside.take()
    beside.release()


def test_no_file_is_left(sqlite: Database, tmp_path: Path) -> None:
    """On SQLite the lock is a file beside the database, wherever a link to it lies, and gone at the end."""
    (tmp_path / "link.db").symlink_to(tmp_path / "frontdesk.db")
    first, second = lease_on(sqlite, ["a/b"]), lease_on(Database(f"sqlite:///{tmp_path}/link.db"), ["a/b"])
    first.take()
    with pytest.raises(Refused):
        second.take()
    assert (tmp_path / "frontdesk.db.a%2Fb.lock").exists()
    first.release()
    assert not list(tmp_path.glob("*.lock"))


def test_lock_lost_with_its_connection_is_taken_anew(postgres: Database) -> None:
    """Where PostgreSQL ended our session we take the lock again, and give up only if another has it by then."""
    first, second = lease_on(postgres, ["webchat"]), lease_on(postgres, ["webchat"])
    first.take()
    for _ in range(2):
        end_sessions_with_locks(postgres)
        keep(first)
        with pytest.raises(Refused):
            second.take()
    end_sessions_with_locks(postgres)
    second.take()
    with pytest.raises(Refused):
        keep(first)
    second.release()


async def test_frontdesk_refuses_to_run_beside_itself(
    sqlite: Database, content: Content, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second Frontdesk on the same database ends at once with the remedy, though its files lie elsewhere."""
    monkeypatch.setattr(bot.app, "LOOK", 3600)
    database = settings.database.model_copy(update={"url": sqlite.url})
    understanding = settings.understanding.model_copy(update={"url": "http://127.0.0.1:9"})
    apps = [
        App(
            settings.model_copy(
                update={
                    "database": database,
                    "understanding": understanding,
                    "folders": settings.folders.model_copy(update={"var": tmp_path / str(number)}),
                }
            ),
            content,
            {"memory": Memory()},
            None,
        )
        for number in range(2)
    ]
    stop = asyncio.Event()
    first = asyncio.create_task(apps[0].run(stop))
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="another Frontdesk"):
        async with asyncio.timeout(20):
            await apps[1].run(stop)
    assert not first.done()
    stop.set()
    await first


def end_sessions_with_locks(database: Database) -> None:
    """As a restart of PostgreSQL does."""
    holders = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    database.transact(lambda session: session.execute(text(holders)).all())
    while database.transact(lambda session: session.execute(text(holders)).all()):
        pass


def keep(lease: Lease) -> None:
    """Until it is known whether it is still ours: the first look may only find out that the connection is gone."""
    try:
        lease.take()
    except StorageDown:
        lease.take()
