from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.channels.x.platform import Platform
from tests.channels.x.server import Server


@pytest.fixture
async def peer() -> AsyncIterator[Platform]:
    """X, at work."""
    server = Server()
    await server.start()
    yield Platform(server)
    await server.stop()
