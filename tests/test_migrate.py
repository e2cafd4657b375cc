"""The tables are brought to this version once, whoever starts when, and never back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from urllib.parse import urlsplit

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

import bot.store.database
from bot.errors import StorageDown
from bot.store import indexing
from bot.store.database import Database, Session
from bot.store.filters import parse
from bot.store.searching import search_page
from tests.samples import NOW

#: As an older Frontdesk had written it.
OLD = (
    "contact (id, name, tier, attributes, created_at) VALUES (1, 'Ann', '', '{}', '2026-03-01 00:00:00')",
    "address (id, contact_id, channel, account, handle, name, verified_by) VALUES (1, 1, 'x', 'main', 'ann', '', '')",
    (
        "conversation (id, address_id, channel, account, thread, public, owner, epoch, status, dialogue, created_at)"
        " VALUES (1, 1, 'x', 'main', '', false, 'bot', 0, 'open', '{}', '2026-03-01 00:00:00')"
    ),
    (
        "message (id, conversation_id, channel, account, author, author_name, state, text, choices, raw, epoch,"
        " parts_sent, attempts, created_at)"
        " VALUES (1, 1, 'x', 'main', 'user', '', 'handled', '提现失败', '[]', '{}', 0, 0, 0, '2026-03-01 00:00:00')"
    ),
    (
        "ticket (id, number, title, category, priority, state, language, reason, facts, tried, promised_at, created_at,"
        " updated_at) VALUES (1, 'FD-1001', 'Help', 'other', 'normal', 'new', 'en', 'human', '{}', '[]',"
        " '2026-03-01 00:00:00', '2026-03-01 00:00:00', '2026-03-01 00:00:00')"
    ),
    "ticketevent (id, ticket_id, at, actor, kind, detail) VALUES (1, 1, '2026-03-01 00:00:00', 'bot', 'opened', '{}')",
    (
        "ticketevent (id, ticket_id, at, actor, kind, detail)"
        """ VALUES (2, 1, '2026-03-01 00:00:00', 'Anna', 'note', '{"text": "call back"}')"""
    ),
)


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


def test_what_was_there_before_the_search_is_found(empty: str) -> None:
    """The migration has all of it indexed, of timelines the notes."""
    database = Database(empty)
    before = ScriptDirectory.from_config(migrations()).get_revision("0013").down_revision
    with database._engine.begin() as connection:
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, str(before))
        for row in OLD:
            connection.execute(text(f"INSERT INTO {row}"))
    database.migrate()
    assert database.transact(indexing.index, 100) == 4
    found = database.transact(search_page, parse("提现 in:all", "Anna"), None, 10, NOW)
    assert [hit.conversation_id for hit in found.found] == [1]
    database.close()


def migrations() -> Config:
    """Where the migrations are."""
    config = Config()
    config.set_main_option("script_location", str(Path(bot.store.database.__file__).parent / "migrations"))
    return config
