"""The widget as a visitor handles it. Knows roles and labels, nothing of its insides but the message list."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from playwright.async_api import Locator, Page, expect

TEXTS: dict[str, dict[str, dict[str, str]]] = json.loads(
    (Path(__file__).parents[2] / "channels" / "webchat" / "texts.json").read_text("utf-8")
)


def embedding(script: str, *, language: str = "en", attributes: Mapping[str, str] | None = None) -> str:
    """A plain page of somebody else's with the one tag."""
    extra = "".join(f' {name}="{value}"' for name, value in (attributes or {}).items())
    return f"""<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<style>* {{ color: red; font: 30px serif; }} button {{ background: lime !important; }}</style></head>
<body><h1>Shop</h1><button id="before">Buy</button><script src="{script}"{extra}></script></body></html>"""


class Widget:
    """One page with the chat on it."""

    def __init__(self, page: Page, language: str = "en") -> None:
        self.page = page
        self.ui = TEXTS[language]["ui"]
        self.errors = TEXTS[language]["errors"]
        self.panel = page.get_by_role("dialog")
        self.launch = page.locator("#frontdesk .launch")
        self.log = page.get_by_role("log")
        self.input = page.get_by_role("textbox", name=self.ui["placeholder"])
        self.messages = self.log.locator(".m")
        self.state = page.locator("#frontdesk .state")
        self.fault = page.locator("#frontdesk .fault")
        self.owner = page.locator("#frontdesk .who")

    async def open(self) -> None:
        await self.launch.click()
        await expect(self.panel).to_be_visible()
        await self.online()

    async def online(self) -> None:
        await expect(self.state).to_have_attribute("data-kind", "online", timeout=20_000)

    async def type(self, text: str) -> None:
        await self.input.fill(text)
        await self.input.press("Enter")

    async def send(self, text: str) -> None:
        """Sends and waits until the server has it."""
        await self.type(text)
        await self.stored(text)

    async def stored(self, text: str) -> None:
        """The visitor's message `text` is shown once, with nothing left to say about it."""
        message = self.message(text)
        await expect(message).to_have_count(1)
        await expect(message.locator(".note")).to_be_empty(timeout=20_000)

    def message(self, text: str) -> Locator:
        """The messages that say exactly `text`."""
        bubble = self.page.locator(".bubble", has_text=re.compile(rf"^\s*{re.escape(text)}\s*$"))
        return self.messages.filter(has=bubble)

    async def hears(self, text: str) -> None:
        """`text` arrives, once."""
        await expect(self.message(text)).to_have_count(1, timeout=20_000)

    async def choose(self, title: str) -> None:
        await self.log.get_by_role("button", name=title).click()

    async def attach(self, *files: Path) -> None:
        async with self.page.expect_file_chooser() as chooser:
            await self.page.get_by_role("button", name=self.ui["attach"]).click()
        await (await chooser.value).set_files(list(files))

    async def texts(self) -> list[str]:
        """Every bubble, top to bottom."""
        return [text.strip() for text in await self.messages.locator(".bubble").all_inner_texts()]
