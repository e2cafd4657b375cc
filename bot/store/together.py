"""One writer for SQLite: what waits at the same time shares a commit, and with it the wait for the disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from bot.errors import StorageDown

#: Pieces of work in one transaction; the first waits for the last.
MOST = 32

#: A piece of work.
Work = Callable[[Session], Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of work and where its result is waited for."""

    work: Work
    result: Future[Any] = field(default_factory=Future)

    def settle(self, work: Callable[[Work], Any]) -> None:
        """The result is what `work` makes of the piece, or what it raises."""
        try:
            self.result.set_result(work(self.work))
        except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it is
            self.result.set_exception(error)


class Together:
    """Pieces of work in the order they came, in one thread. `alone` does one in a transaction of its own."""

    def __init__(self, engine: Engine, alone: Callable[[Work], Any]) -> None:
        self._engine = engine
        self._alone = alone
        self._waiting: deque[Piece] = deque()
        self._thread = ThreadPoolExecutor(1, "database")

    def submit(self, work: Work) -> Future[Any]:
        """Done once it is on disk."""
        piece = Piece(work)
        self._waiting.append(piece)
        self._thread.submit(self._commit)
        return piece.result

    def close(self) -> None:
        """What waits is cancelled."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        for piece in list(self._waiting):
            piece.result.cancel()

    def _commit(self) -> None:
        pieces: list[Piece] = []
        try:
            results = self._done(pieces)
        except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it is
            self._part(pieces, error)
            return
        for piece, result in zip(pieces, results, strict=True):
            piece.result.set_result(result)

    def _part(self, pieces: list[Piece], error: Exception) -> None:
        """Where one piece went wrong nothing of any was kept: each is done by itself, in the same order."""
        if len(pieces) == 1 and isinstance(error, OperationalError):
            # It has waited for the lock; to wait once more would double our patience.
            pieces[0].result.set_exception(storage_down(error))
            return
        for piece in pieces:
            piece.settle(self._alone)

    def _done(self, pieces: list[Piece]) -> list[Any]:
        """What the pieces return that wait, and those that come meanwhile; each is put into `pieces` first."""
        if not self._take(pieces):
            return []
        with self._engine.begin() as connection:
            results = [_result(pieces[0].work, connection)]
            while len(pieces) < MOST and self._take(pieces):
                results.append(_result(pieces[-1].work, connection))
        return results

    def _take(self, pieces: list[Piece]) -> bool:
        while self._waiting:
            piece = self._waiting.popleft()
            if piece.result.set_running_or_notify_cancel():
                pieces.append(piece)
                return True
        return False


def storage_down(error: DBAPIError) -> StorageDown:
    """What the database did not do, in our words."""
    return StorageDown(f"the database did not do it: {error.orig}")


def _result(work: Work, connection: Connection) -> Any:
    with Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only") as session:
        result = work(session)
        session.flush()
        return result
