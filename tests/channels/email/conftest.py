from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.channels.email.real import RealPost
from tests.channels.email.server import PASSWORD, Post
from tests.channels.email.servers import Servers, missing, running


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A mail provider on loopback."""
    async with Post().open() as post:
        yield post


@pytest.fixture
def peer(post: Post) -> Post:
    """The same, as the contract calls it."""
    return post


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """A postfix and a dovecot, for all tests that ask for them."""
    if reason := missing():
        pytest.skip(reason)
    with running(PASSWORD) as servers:
        yield servers


@pytest.fixture
async def real(servers: Servers) -> AsyncIterator[RealPost]:
    """A mailbox on them that nobody has used before."""
    async with RealPost(servers).open() as post:
        yield post
