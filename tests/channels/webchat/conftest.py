"""A running web chat and its visitors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from channels.webchat.settings import WebChatSettings
from tests.channels.webchat.host import MemoryHost
from tests.channels.webchat.site import Site
from tests.channels.webchat.visitor import Visitor

IDENTITY_SECRET = "the host site and the chat share this"


@pytest.fixture
def host(tmp_path: Path) -> MemoryHost:
    """A core that keeps everything in memory."""
    return MemoryHost(folder=tmp_path)


@pytest.fixture
def settings() -> WebChatSettings:
    """Overridden in the tests that need other rules."""
    return WebChatSettings(type="webchat", identity_secret=SecretStr(IDENTITY_SECRET), rate="1000/minute")


@pytest.fixture
async def site(host: MemoryHost, settings: WebChatSettings) -> AsyncIterator[Site]:
    """The web chat, served."""
    site = Site(host, settings)
    await site.start()
    yield site
    await site.stop()


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose addresses are relative to the web chat."""
    async with httpx.AsyncClient(base_url=f"{site.base}/", timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture
async def visitor(client: httpx.AsyncClient) -> Visitor:
    """An anonymous visitor with a token."""
    return await Visitor.arrive(client)
