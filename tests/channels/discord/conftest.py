from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.channels.discord.peer import DiscordPeer


@pytest.fixture
async def peer() -> AsyncIterator[DiscordPeer]:
    """Discord, on a socket of its own."""
    found = DiscordPeer()
    await found.server.start()
    yield found
    await found.server.stop()
