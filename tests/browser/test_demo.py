"""The demo page: it asks its questions in the chat, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.widget import Widget
from tests.channels.webchat.host import MemoryHost
from tests.channels.webchat.site import Embedding, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = (Path(__file__).parents[2] / "bot" / "pages" / "demo.html").read_text("utf-8")
QUESTIONS = {"en": "How long does a withdrawal take?", "zh": "提现要多久？"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [1200, 390])
async def test_question_on_the_page_is_asked_in_the_chat(
    browser: Browser,
    host: MemoryHost,
    site: Site,
    elsewhere: Embedding,
    shots: Path,
    width: int,
    language: str,
    scheme: str,
) -> None:
    """A click on an example opens the chat and asks it, in the language of the page; no width scrolls sideways."""
    elsewhere.html = PAGE.replace("{{brand}}", host.brand).replace("{{widget}}", f"{site.base}/widget.js")
    size = {"width": width, "height": 800}
    context = await browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]  # a literal type
    page = await context.new_page()
    await page.goto(f"{elsewhere.server.origin}/?lang={language}")
    await page.screenshot(path=shots / f"demo-{width}-{language}-{scheme}.png", full_page=True)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("button", name=QUESTIONS[language]).click()
    widget = Widget(page, language)
    await widget.stored(QUESTIONS[language])
    assert [m.text for m in host.inbound] == [QUESTIONS[language]]
    await context.close()


async def test_own_question_is_asked_in_the_chat(
    browser: Browser, host: MemoryHost, site: Site, elsewhere: Embedding
) -> None:
    """What is typed into the page's field goes to the chat; the language can be changed by a link."""
    elsewhere.html = PAGE.replace("{{brand}}", host.brand).replace("{{widget}}", f"{site.base}/widget.js")
    page = await browser.new_page(locale="en-US")
    await page.goto(elsewhere.server.origin)
    await page.get_by_role("link", name="中文").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("有什么可以帮您？", use_inner_text=True)
    await page.get_by_placeholder("请输入您的问题…").fill("手续费多少")
    await page.get_by_role("button", name="提问").click()
    await Widget(page, "zh").stored("手续费多少")
    assert [m.text for m in host.inbound] == ["手续费多少"]
    await page.close()
