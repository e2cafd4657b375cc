"""Who runs a channel is alone in it: two senders of one outbox would say everything twice.

The lock lies with the database, not in our own folder, so that it holds wherever a second Frontdesk keeps its files.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bot.errors import Refused, StorageDown
from bot.store.database import LOCK_PATIENCE, Database, postgres_address

_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended('frontdesk ' || current_schema() || ' ' || :channel, 0))")

#: The server forgets a session whose machine vanished after half a minute, not after the two hours of the system.
_VANISHED = text(
    "SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),"
    " set_config('tcp_keepalives_count', '4', false)"
)


class Lease(Protocol):
    """The right to run some channels on a database."""

    def take(self) -> None:
        """Takes it, or makes sure it is still held. Raises `Refused` where another has it, or `StorageDown`."""

    def release(self) -> None:
        """Lets go of it."""


def lease_on(database: Database, channels: Collection[str]) -> Lease:
    """The lease of `channels`, not yet taken."""
    if database.embedded:
        return _FileLease(Path(database.url.removeprefix("sqlite:///")), channels)
    return _PostgresLease(database.url, channels)


class _FileLease:
    """A locked file a channel, beside the database file; the system unlocks it when its process ends."""

    def __init__(self, database: Path, channels: Collection[str]) -> None:
        whole = database.resolve()
        self._paths = {name: whole.with_name(f"{whole.name}.{quote(name, safe='')}.lock") for name in channels}
        self._held: dict[str, IO[str]] = {}

    def take(self) -> None:
        for channel, path in self._paths.items():
            if channel in self._held:
                continue
            try:
                self._held[channel] = _locked(path)
            except BlockingIOError as error:
                raise _refused(channel) from error
            except OSError as error:
                raise StorageDown(f"{path} cannot be locked: {error.strerror}") from error

    def release(self) -> None:
        for channel, file in self._held.items():
            self._paths[channel].unlink(missing_ok=True)
            file.close()
        self._held.clear()


class _PostgresLease:
    """An advisory lock a channel, of a connection of its own; lost with the connection, it is taken anew."""

    def __init__(self, url: str, channels: Collection[str]) -> None:
        self._channels = channels
        self._engine = create_engine(
            postgres_address(url),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"connect_timeout": LOCK_PATIENCE, "tcp_user_timeout": LOCK_PATIENCE * 1000},
        )
        self._connection: Connection | None = None

    def take(self) -> None:
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
                self._lock(self._connection)
            self._connection.execute(text("SELECT 1"))
        except Refused:
            self.release()
            raise
        except DBAPIError as error:
            self.release()
            raise StorageDown(f"the database does not hold our lock: {error.orig}") from error

    def release(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _lock(self, connection: Connection) -> None:
        connection.execute(_VANISHED)
        for channel in self._channels:
            if not connection.execute(_LOCK, {"channel": channel}).scalar_one():
                raise _refused(channel)


def _locked(path: Path) -> IO[str]:
    """The file, locked. Raises `BlockingIOError` where another has it."""
    while True:
        file = path.open("a", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise
        # Whoever had it may have removed it after we opened it: then our lock is on a file that nobody else will find.
        if _is_at(path, file):
            return file
        file.close()


def _is_at(path: Path, file: IO[str]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _refused(channel: str) -> Refused:
    return Refused(
        f'another Frontdesk runs the channel "{channel}" on this database: stop it, or name another in database.url'
    )
