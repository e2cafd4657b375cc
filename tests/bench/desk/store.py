"""Databases of a desk with many tickets, kept in a folder and made anew where what they are made of has changed."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import insert
from sqlmodel import SQLModel

import bot.store
from bot.store import indexing
from bot.store.database import Database, Session
from tests.bench.desk.rows import PARTS, Row, Size

#: Rows in one transaction.
AT_ONCE = 5_000

#: What a database is made of.
HERE = Path(__file__).parent
STORE = Path(bot.store.__file__).parent
MADE_OF = (HERE / "rows.py", HERE / "words.py", STORE / "terms.py", STORE / "indexing.py")


def stored(folder: Path, size: Size, console: Console) -> Database:
    """The database of that size, from `folder` or made there."""
    path = folder / f"desk-{size.tickets}-{_version()}.db"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"desk-{size.tickets}-*"):
            old.unlink()
        _make(path, size, console)
    return Database(f"sqlite:///{path}")


def _version() -> str:
    """Of what a database is made of; whoever changes that measures no old one."""
    files = [*MADE_OF, *sorted((STORE / "migrations" / "versions").glob("*.py"))]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _make(path: Path, size: Size, console: Console) -> None:
    half = path.with_suffix(".half")
    database = Database(f"sqlite:///{half}")
    database.migrate()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        for table, rows in PARTS.items():
            _write(database, table, rows(size), progress)
        _index(database, progress)
    database.close()
    half.rename(path)


def _write(database: Database, table: type[SQLModel], rows: Iterator[Row], progress: Progress) -> None:
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in table.model_fields.items()
        if name != "id" and not field.is_required()
    }
    task = progress.add_task(table.__name__, total=None)
    while some := [defaults | row for row in islice(rows, AT_ONCE)]:
        database.transact(_add, SQLModel.metadata.tables[str(table.__tablename__)], some)
        progress.advance(task, len(some))


def _add(session: Session, table: Any, rows: list[Row]) -> None:
    session.connection().execute(insert(table), rows)


def _index(database: Database, progress: Progress) -> None:
    task = progress.add_task("index", total=database.transact(indexing.waiting))
    while done := database.transact(indexing.index, AT_ONCE):
        progress.advance(task, done)
