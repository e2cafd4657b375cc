"""Whether the database that is configured can be used, found out without making or changing anything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bot.config_file import ConfigFile
from bot.errors import Problem, StorageDown
from bot.settings import Settings
from bot.store.database import Database

#: How each file of SQLite begins; one that was only just opened is empty.
BEGINNING = b"SQLite format 3\0"


def database_problems(loaded: Settings, file: ConfigFile) -> Iterator[Problem]:
    """A database that does not answer, a file that cannot be used or made."""
    url = loaded.database.url
    if url.startswith("sqlite"):
        fault = _file_fault(Path(url.removeprefix("sqlite:///")))
        remedy = "correct database.url, or what may be done with that path"
    else:
        fault = _server_fault(url)
        remedy = "correct database.url, or start the database it names"
    if fault:
        yield Problem(file.line(("database", "url")), "database.url", fault, remedy)


def _file_fault(path: Path) -> str | None:
    # The folder must be writable also where the file exists: SQLite writes its log beside it.
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return f"{folder} is not a folder that can be written to"
    if not path.exists():
        return None
    if not os.access(path, os.R_OK | os.W_OK):
        return f"{path} cannot be read and written"
    try:
        with path.open("rb") as database:
            beginning = database.read(len(BEGINNING))
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    return None if beginning in (b"", BEGINNING) else f"{path} is not an SQLite database"


def _server_fault(url: str) -> str | None:
    database = Database(url)
    try:
        database.ping()
    except StorageDown as error:
        return str(error)
    finally:
        database.close()
    return None
