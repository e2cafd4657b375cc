"""The house that is attacked: one for the tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.conversation import Content
from tests.attacks.house import House, house, migrated


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_house(
    content: Content, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """On SQLite."""
    folder = tmp_path_factory.mktemp("house")
    async with house(content, folder, migrated(migrated_sqlite, folder)) as opened:
        yield opened
