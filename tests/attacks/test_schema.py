"""The API by its own description: whatever fits it, and whatever does not, is answered and never breaks the server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bot.conversation import Content
from bot.store.database import Database
from tests.attacks.house import House, house, migrated
from tests.conftest import empty

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Bodies and addresses tried of each route.
TRIES = 25

ODD = ("", "\x00", "a\x00b", "\u202e", "😀" * 300, "'; DROP TABLE ticket; --", "%s", "{0}", "../..", "a" * 3_000, "\ufffe")

NUMBERS = (0, -1, 1, 2**31 - 1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**400)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["sqlite", "postgres"])
async def open_house(
    request: pytest.FixtureRequest, content: Content, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """On each kind of database in turn."""
