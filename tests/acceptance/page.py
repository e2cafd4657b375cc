"""The system's browser, looking at a chat that the real `frontdesk up` serves."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from tests.acceptance.house import House
from tests.browser.conftest import FLAGS
from tests.browser.widget import Widget, embedding
from tests.channels.webchat.site import Embedding


@asynccontextmanager
async def tab(**context: Any) -> AsyncIterator[Page]:
    """An empty page in a browser of its own; any error on it is raised. Keywords are those of `Browser.new_context`."""
    errors: list[str] = []
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS) as browser,
    ):
        page = await (await browser.new_context(**context)).new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
    assert errors == []


@asynccontextmanager
async def elsewhere(house: House, page: Page, language: str) -> AsyncIterator[Widget]:
    """The chat of `house` on a page of another origin, which holds the one tag and is open in `page`."""
    site = Embedding()
    site.html = embedding(f"{house.chat}widget.js", language=language)
    await site.start()
    try:
        await page.goto(site.server.origin)
        yield Widget(page, language)
    finally:
        await site.stop()


class Camera:
    """Photographs a page into `folder`, in the order of the story."""

    def __init__(self, page: Page, folder: Path, name: str) -> None:
        self._page = page
        self._folder = folder
        self._name = name
        self._taken = 0
        folder.mkdir(parents=True, exist_ok=True)

    async def take(self, what: str) -> None:
        self._taken += 1
        await still(self._page)
        await self._page.screenshot(path=self._folder / f"{self._name}-{self._taken:02}-{what}.png")


async def still(page: Page) -> None:
    """Returns once nothing in the chat moves or waits to appear, but for what moves for ever."""
    await page.evaluate(
        """async () => {
            const chat = document.getElementById('frontdesk').shadowRoot;
            const ends = animation => animation.effect.getComputedTiming().endTime !== Infinity;
            await Promise.allSettled(chat.getAnimations().filter(ends).map(animation => animation.finished));
        }"""
    )
