"""The channel against a real postfix and a real dovecot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.conversation import Content
from bot.settings import Settings
from bot.store.database import Database
from tests.channels.contract import Contract
from tests.channels.email.real import PASSWORD, RealPost
from tests.channels.email.servers import Servers, missing, running
from tests.channels.house import House

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Both servers, for all tests here."""
    with running(PASSWORD) as servers:
        yield servers


@pytest.fixture
async def post(servers: Servers) -> AsyncIterator[RealPost]:
    """A mailbox nobody has used before."""
    async with RealPost(servers).open() as post:
        yield post


class TestRealServers(Contract):
    """What every channel keeps, over TLS, SASL, a queue and a Maildir."""

    @pytest.fixture
    def house(self, peer: RealPost, sqlite: Database, settings: Settings, content: Content, tmp_path: Path) -> House:
        """TLS, a login and a queue take longer than a line of text."""
        return House(peer, sqlite, settings, content, tmp_path, patience=3.0)
