from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.channels.email.server import Post


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A mail provider on loopback."""
    async with Post().open() as post:
        yield post


@pytest.fixture
def peer(post: Post) -> Post:
    """The same, as the contract calls it."""
    return post
