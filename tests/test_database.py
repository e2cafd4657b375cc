"""One transaction a piece of work, the same tables on both databases, and failures with a name."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import SQLModel

import bot.store.database
from bot.errors import StorageDown
from bot.store import inbox
from bot.store.channel_tables import Cursor
from bot.store.database import Database, Session
from bot.store.tables import Contact
from tests.samples import NOW, arrive, inbound, rows


def keep(session: Session, value: str) -> None:
    """Writes something."""
    inbox.keep_cursor(session, "memory", "bot-1", value)


def is_on_both(_: Any, name: str | None, *__: Any) -> bool:
    """All but the terms of the search, which each database keeps in its own way."""
    return not (name or "").startswith(("searchterms", "searchentry_terms", "terms"))


def test_migrations_make_the_tables(database: Database) -> None:
    """Alembic finds nothing to change between what the migrations made and what the tables say."""
    with database._engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_on_both})
        differences = compare_metadata(context, SQLModel.metadata)
    assert differences == []


async def test_connection_in_use_at_the_close_is_closed(postgres: Database) -> None:
    """Whoever still works then gives it back later; the driver warns of one that nobody closes."""
    begun, go_on = threading.Event(), threading.Event()

    def work(session: Session) -> None:
        session.execute(text("SELECT 1"))
        begun.set()
        go_on.wait()

    running = asyncio.create_task(postgres.run(work))
    await asyncio.to_thread(begun.wait)
    postgres.close()
    go_on.set()
    with pytest.raises(StorageDown):
        await running
    gc.collect()


def test_migrating_twice_changes_nothing(database: Database) -> None:
    """A second start on the same database keeps what is in it."""
    database.transact(keep, "7")
    database.migrate()
    assert database.transact(inbox.cursor, "memory", "bot-1") == "7"


def test_migrations_start_from_nothing(postgres_server: str) -> None:
    """An empty PostgreSQL database becomes one of ours, as an empty file does."""
    name = f"fresh_{uuid4().hex}"
    admin = create_engine(
        postgres_server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    database = Database(postgres_server.replace("/postgres?", f"/{name}?"))
    database.migrate()
    assert arrive(database, inbound()).fresh
    database.close()


def test_work_that_raises_leaves_nothing(database: Database) -> None:
    """What was written before the error is undone, and the error is the work's own."""

    def work(session: Session) -> None:
        keep(session, "7")
        session.flush()
        raise LookupError("on purpose")

    with pytest.raises(LookupError, match="on purpose"):
        database.transact(work)
    assert rows(database, Cursor) == []


async def test_run_returns_what_is_on_disk(database: Database) -> None:
    """`run` answers with the work's result once another connection can see it."""
    await database.run(keep, "7")
    assert await database.run(inbox.cursor, "memory", account="bot-1") == "7"


def test_work_that_collides_is_done_again(database: Database) -> None:
    """Where another process wrote the same row first, the work runs a second time and can find it."""
    tries: list[int] = []

    def work(_: Session) -> int:
        tries.append(len(tries))
        if len(tries) == 1:
            raise IntegrityError("insert", {}, Exception("somebody was first"))
        return len(tries)

    assert database.transact(work) == 2


def test_foreign_keys_hold(database: Database) -> None:
    """A row that names what is not there is refused by the database itself."""
    orphan = (
        "INSERT INTO address (contact_id, channel, account, handle, name, verified_by) VALUES (9,'a','b','c','','')"
    )
    with pytest.raises(StorageDown):
        database.transact(lambda session: session.execute(text(orphan)))


def test_error_quotes_nothing_people_wrote(database: Database) -> None:
    """What a failed statement was given stands neither in the error nor in its cause."""

    def work(session: Session) -> None:
        session.execute(text("INSERT INTO nowhere VALUES (:said)"), {"said": "my secret words"})

    with pytest.raises(StorageDown) as caught:
        database.transact(work)
    assert "my secret words" not in f"{caught.value} {caught.value.__cause__}"


def test_time_without_a_zone_is_refused(database: Database) -> None:
    """A naive time would be a different moment on every server; it is not stored."""

    def work(session: Session) -> None:
        session.add(Contact(created_at=NOW.replace(tzinfo=None)))

    with pytest.raises(StatementError, match="without a zone"):
        database.transact(work)


def test_locked_file_is_storage_down(migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that another process keeps locked past our patience is StorageDown; once free, it works again."""
    monkeypatch.setattr(bot.store.database, "LOCK_PATIENCE", 0.05)
    path = tmp_path / "frontdesk.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    database = Database(f"sqlite:///{path}")
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageDown, match="locked"):
            database.transact(keep, "7")
        other.execute("COMMIT")
    other.close()
    database.transact(keep, "7")
    database.ping()
    database.close()


def test_full_disk_is_storage_down(sqlite: Database) -> None:
    """A database that cannot grow is StorageDown, keeps what it has, and works again once there is room."""
    pages = sqlite.transact(lambda session: session.execute(text("PRAGMA page_count")).scalar_one())
    sqlite.transact(lambda session: session.execute(text(f"PRAGMA max_page_count = {pages}")))
    with pytest.raises(StorageDown, match="full"):
        sqlite.transact(keep, "x" * 100_000)
    assert rows(sqlite, Cursor) == []
    sqlite.transact(lambda session: session.execute(text("PRAGMA max_page_count = 1000000")))
    sqlite.transact(keep, "x" * 100_000)


@pytest.mark.parametrize("url", ["sqlite:///{tmp}", "postgresql://nobody@127.0.0.1:1/none"])
def test_unreachable_database_is_storage_down(tmp_path: Path, url: str) -> None:
    """A folder in place of a file, or a server that is not there, is StorageDown on opening and on asking."""
    database = Database(url.format(tmp=tmp_path))
    with pytest.raises(StorageDown):
        database.migrate()
    with pytest.raises(StorageDown):
        database.ping()
    database.close()


def test_sqlite_makes_its_folder(tmp_path: Path) -> None:
    """The folder of a database file is made where it is missing."""
    database = Database(f"sqlite:///{tmp_path}/deep/down/frontdesk.db")
    database.migrate()
    database.close()
    assert (tmp_path / "deep/down/frontdesk.db").is_file()


def test_sqlite_survives_a_power_cut(sqlite: Database) -> None:
    """Write-ahead log, synced at every commit: what was acknowledged is on the disk."""

    def pragma(session: Session, name: str) -> object:
        return session.execute(text(f"PRAGMA {name}")).scalar_one()

    assert sqlite.transact(pragma, "journal_mode") == "wal"
    assert sqlite.transact(pragma, "synchronous") == 2
