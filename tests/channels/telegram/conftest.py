"""Telegram on a real socket, with a certificate that the bot's side trusts."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from bot.conversation import Content
from bot.settings import Settings
from bot.store.database import Database
from tests.channels.house import House
from tests.channels.telegram.platform import Platform


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    """Who vouches for the server, and the file that says so."""
    ca = trustme.CA()
    path = tmp_path_factory.mktemp("telegram") / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return ca, path


@pytest.fixture
async def peer(authority: tuple[trustme.CA, Path], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    """A platform of one's own."""
    ca, path = authority
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    platform = Platform(context)
    await platform.server.open()
    yield platform
    await platform.close()


@pytest.fixture
def house(peer: Platform, sqlite: Database, settings: Settings, content: Content, tmp_path: Path) -> House:
    """Frontdesk with this platform alone."""
    return House(peer, sqlite, settings, content, tmp_path)
