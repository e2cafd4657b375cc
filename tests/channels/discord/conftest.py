from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.conversation import Content
from bot.settings import Settings
from bot.store.database import Database
from tests.channels.discord.peer import DiscordPeer
from tests.channels.house import House


@pytest.fixture
async def peer() -> AsyncIterator[DiscordPeer]:
    """Discord, on a socket of its own."""
    found = DiscordPeer()
    await found.server.start()
    yield found
    await found.server.stop()


@pytest.fixture
def house(peer: DiscordPeer, sqlite: Database, settings: Settings, content: Content, tmp_path: Path) -> House:
    """Frontdesk with a Discord bot."""
    return House(peer, sqlite, settings, content, tmp_path)
