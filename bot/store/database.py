"""One database: how it is opened, how a piece of work becomes one transaction, and what its failures mean."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlmodel import Session

from bot.errors import StorageDown
from bot.store.together import Together, storage_down

#: `Session` stands in the types of those who hand work over.
__all__ = ["Database", "Session"]

log = structlog.get_logger()

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

#: Seconds a transaction waits for another process's lock before it gives up.
LOCK_PATIENCE = 5

#: Seconds before what must be written down is tried again.
PAUSE = 1.0

#: Threads, and so transactions, at a time on PostgreSQL.
POSTGRES_THREADS = 8

#: Long readings at a time; more wait, so that reports do not take every core.
READERS = 2


#: Whoever migrates a PostgreSQL database holds the lock of this number, which is nobody else's.
MIGRATING = int.from_bytes(b"migrate")


class Database:
    """Runs work off the event loop, each piece in one transaction of its own.

    `url` is `sqlite:///path` or `postgresql://...`. Every method may raise `StorageDown`.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.embedded = url.startswith("sqlite")
        self._engine = _sqlite(url) if self.embedded else _postgres(url)
        self._closed = False
        self._together = Together(self._engine, self.transact) if self.embedded else None
        self._threads = ThreadPoolExecutor(POSTGRES_THREADS, "database")
        self._reading = _sqlite(url, _begin_reading) if self.embedded else _postgres_reading(self._engine)
        self._readers = ThreadPoolExecutor(READERS, "reading")
        for pool in {self._engine.pool, self._reading.pool}:
            event.listen(pool, "checkin", self._let_go)

    async def run(
        self,
        work: Callable[Concatenate[Session, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """What `work` returns once its transaction is on disk; nothing of it is where it raised.

        It may be done twice, and on SQLite shares a transaction with what else is waiting.
        """

        def piece(session: Session) -> Result:
            return self._unless_closed(work(session, *args, **kwargs))

        if self._together:
            return await asyncio.wrap_future(self._together.submit(piece))
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.transact, piece)

    async def read(
        self,
        work: Callable[Concatenate[Session, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """What `work` finds in one state of the database. It may take seconds, holds up no writer, and cannot write."""

        def piece() -> Result:
            try:
                with Session(self._reading, expire_on_commit=False) as session, session.begin():
                    return self._unless_closed(work(session, *args, **kwargs))
            except DBAPIError as error:
                raise storage_down(error) from error

        return await asyncio.get_running_loop().run_in_executor(self._readers, piece)

    async def run_surely(
        self,
        doing: str,
        work: Callable[Concatenate[Session, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """`run`, as often as it takes: for what was done to a platform, and forgotten would be done twice or never."""
        while True:
            try:
                return await self.run(work, *args, **kwargs)
            except StorageDown as error:
                log.error("storage_down", doing=doing, reason=str(error))
                await asyncio.sleep(PAUSE)

    def transact(
        self,
        work: Callable[Concatenate[Session, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """`run`, on the calling thread, in a transaction of its own."""
        try:
            try:
                return self._once(work, *args, **kwargs)
            except IntegrityError:
                # Another process wrote the same event or address first; now it can be found.
                return self._once(work, *args, **kwargs)
        except DBAPIError as error:
            raise storage_down(error) from error

    def _once(
        self,
        work: Callable[Concatenate[Session, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            return self._unless_closed(work(session, *args, **kwargs))

    def _unless_closed(self, result: Result) -> Result:
        """Once closed, nobody is left to hear of it; what was being sent, say, must not count as claimed."""
        if self._closed:
            raise StorageDown("the database is closed")
        return result

    def _let_go(self, _: Any, record: ConnectionPoolEntry) -> None:
        """What a thread gives back after `close` goes to a pool that nobody keeps, where it would stay open."""
        if self._closed:
            record.invalidate()

    def migrate(self) -> None:
        """Brings the tables to this version of Frontdesk."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        try:
            with self._engine.begin() as connection:
                if not self.embedded:
                    # Two first starts would both make the tables; the second waits here, and finds them. SQLite does
                    # so by itself.
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except DBAPIError as error:
            raise StorageDown(f"the database cannot be opened: {error.orig}") from error
        except CommandError as error:
            # Alembic's word for a version it has no migration for.
            raise StorageDown(
                f"the database was migrated by a newer Frontdesk: run that one, or bring back an older copy ({error})"
            ) from error

    def ping(self) -> None:
        """Returns where the database answers."""
        self.transact(lambda session: session.execute(text("SELECT 1")))

    def close(self) -> None:
        """Lets go of the database at once: what runs or waits to run is undone, unless it is being committed."""
        self._closed = True
        for threads in (self._threads, self._readers):
            threads.shutdown(wait=False, cancel_futures=True)
        if self._together:
            self._together.close()
        self._engine.dispose()
        self._reading.dispose()


def _sqlite(url: str, begin: Callable[[Connection], None] | None = None) -> Engine:
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        # Parameters are what people wrote: they belong in no error message.
        hide_parameters=True,
        connect_args={"timeout": LOCK_PATIENCE, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", begin or _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver must not open transactions on its own: it would take the write lock too late, after a read, where
    # waiting for another writer can no longer succeed.
    connection.isolation_level = None
    _use_wal(connection)
    # FULL: a message told "received" is still there after a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _use_wal(connection: sqlite3.Connection) -> None:
    ends = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            # Of two who open a new file at the same time SQLite turns one away without waiting.
            if time.monotonic() > ends:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA query_only = ON")
    connection.exec_driver_sql("BEGIN")


def postgres_address(url: str) -> str:
    """`postgresql://...` with the driver we ship."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _postgres_reading(engine: Engine) -> Engine:
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _postgres(url: str) -> Engine:
    return create_engine(
        postgres_address(url),
        pool_size=POSTGRES_THREADS,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": LOCK_PATIENCE, "options": f"-c lock_timeout={LOCK_PATIENCE * 1000}"},
    )
