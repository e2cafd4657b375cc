"""The contract over a real postfix and a real dovecot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.conversation import Content
from bot.settings import Settings
from bot.store.database import Database
from bot.store.tables import MessageState
from tests.channels.contract import Contract
from tests.channels.email.real import RealPost
from tests.channels.house import House
from tests.samples import until


@dataclass
class Queued(House):
    """What is sent is under way for a moment before the person sees it."""

    async def has(self, state: MessageState, count: int = 1) -> None:
        await super().has(state, count)
        assert isinstance(self.peer, RealPost)
        servers = self.peer.servers
        await until(lambda: not servers.queued())


class TestRealServers(Contract):
    """What every channel keeps, over TLS, SASL, a queue and a Maildir."""

    @pytest.fixture
    def peer(self, real: RealPost) -> RealPost:
        """The provider made of them."""
        return real

    @pytest.fixture
    def house(self, peer: RealPost, sqlite: Database, settings: Settings, content: Content, tmp_path: Path) -> House:
        """TLS, a login and a policy take longer than a line of text."""
        return Queued(peer, sqlite, settings, content, tmp_path, patience=3.0)
