"""The tables are brought to this version once, whoever starts when, and never back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import text

from bot.errors import StorageDown
from bot.store.database import Database, Session


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.db'}"
        return
    server: str = request.getfixturevalue("postgres_server")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE unmade")
        yield urlsplit(server)._replace(path="/unmade").geturl()
        connection.execute("DROP DATABASE unmade WITH (FORCE)")


def newer(session: Session) -> None:
    session.execute(text("UPDATE alembic_version SET version_num = '9999'"))


def test_two_first_starts_make_the_tables_once(empty: str) -> None:
    """Both come through, and both find them."""
    both = Barrier(2)

    def start(_: int) -> None:
        database = Database(empty)
        both.wait(timeout=10)
        database.migrate()
        database.transact(lambda session: session.execute(text("SELECT * FROM ticket")))
        database.close()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(start, range(2)))


def test_a_database_of_a_newer_frontdesk_is_refused(empty: str) -> None:
    """In words that say what to do, and nothing is changed."""
    database = Database(empty)
    database.migrate()
    database.transact(newer)
    with pytest.raises(StorageDown, match="migrated by a newer Frontdesk"):
        database.migrate()
    found = database.transact(lambda session: session.execute(text("SELECT version_num FROM alembic_version")).scalar())
    assert found == "9999"
    database.close()
