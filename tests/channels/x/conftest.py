from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.conversation import Content
from bot.settings import Settings
from bot.store.database import Database
from tests.channels.house import House
from tests.channels.x.platform import Platform, Square
from tests.channels.x.samples import Build
from tests.channels.x.server import Server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """X, at work."""
    server = Server(tmp_path)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def peer(server: Server) -> Platform:
    """X, where persons write us direct messages."""
    return Platform(server)


@pytest.fixture
def square(server: Server) -> Square:
    """X, where persons mention us."""
    return Square(server)


@pytest.fixture
def built(sqlite: Database, settings: Settings, content: Content, tmp_path: Path) -> Build:
    """A house around a platform."""
    return lambda peer: House(peer, sqlite, settings, content, tmp_path)
