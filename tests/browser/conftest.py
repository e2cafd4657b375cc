"""A browser, a web chat, and a page of another origin with the widget on it."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from pydantic import SecretStr

from channels.webchat.settings import WebChatSettings
from tests.browser.widget import Widget, embedding
from tests.channels.webchat.host import MemoryHost
from tests.channels.webchat.site import Embedding, Site

IDENTITY_SECRET = "the host site and the chat share this"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

#: Opens the widget on the foreign page; keywords are those of `Browser.new_context` and of `embedding`.
Visit = Callable[..., Awaitable[Widget]]


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: FRONTDESK_SCREENSHOTS, else a folder of this run."""
    folder = Path(os.environ.get("FRONTDESK_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The system's chromium, else Playwright's own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
def host(tmp_path: Path) -> MemoryHost:
    """A core that keeps everything in memory."""
    return MemoryHost(folder=tmp_path)


@pytest_asyncio.fixture(loop_scope="session")
async def site(host: MemoryHost) -> AsyncIterator[Site]:
    """The web chat on 127.0.0.1."""
    settings = WebChatSettings(type="webchat", identity_secret=SecretStr(IDENTITY_SECRET), rate="1000/minute")
    site = Site(host, settings)
    await site.start()
    yield site
    await site.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def elsewhere() -> AsyncIterator[Embedding]:
    """The host site on localhost: another name, another port, another origin."""
    elsewhere = Embedding()
    await elsewhere.start()
    yield elsewhere
    await elsewhere.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, site: Site, elsewhere: Embedding) -> AsyncIterator[Visit]:
    """Visits the foreign page; every error on it fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    async def visit(
        language: str = "en", attributes: dict[str, str] | None = None, script: str = "", **context: Any
    ) -> Widget:
        contexts.append(await browser.new_context(**context))
        page: Page = await contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        elsewhere.html = embedding(f"{site.base}/widget.js", language=language, attributes=attributes).replace(
            "</head>", f"<script>{script}</script></head>"
        )
        await page.goto(elsewhere.server.origin)
        return Widget(page, language)

    yield visit
    for context in contexts:
        await context.close()
    assert errors == []
