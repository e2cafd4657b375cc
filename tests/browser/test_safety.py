"""Nothing that is said runs, and the widget works on pages that forbid much."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from channels.words import Author
from tests.browser.conftest import Visit
from tests.channels.webchat.host import MemoryHost
from tests.channels.webchat.site import Embedding

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAYLOADS = [
    "<img src=x onerror=\"window.hit='img'\">",
    "<script>window.hit='script'</script>",
    "<svg/onload=\"window.hit='svg'\">",
    "javascript:window.hit='link'",
]


async def test_what_a_visitor_writes_stays_text(visit: Visit) -> None:
    """Markup in a visitor's message is shown to the letter, live and after a reload."""
    widget = await visit()
    await widget.open()
    for payload in PAYLOADS:
        await widget.send(payload)
    await widget.page.reload()
    await widget.online()
    assert await widget.texts() == PAYLOADS
    assert await widget.page.evaluate("window.hit") is None
    assert await widget.messages.locator("img, script, svg").count() == 0


async def test_hostile_html_of_the_server_does_not_run(visit: Visit, host: MemoryHost) -> None:
    """Even HTML that nobody sanitised runs nothing and leads nowhere but to the web."""
    widget = await visit()
    await widget.open()
    await widget.send("hi")
    html = "".join(f"<p>{payload}</p>" for payload in PAYLOADS)
    html += """<a href="javascript:window.hit='href'">bad</a>
        <a href="https://example.com" onclick="window.hit='click'">good</a>
        <iframe srcdoc="<script>parent.hit='frame'</script>"></iframe><p style="position:fixed">end</p>"""
    await host.say(host.inbound[0].place, html, author=Author.AGENT, name="<b>Anna</b>")
    good = widget.log.get_by_role("link", name="good")
    await expect(good).to_have_attribute("rel", "noopener noreferrer")
    await expect(good).to_have_attribute("target", "_blank")
    await expect(widget.messages.last.locator(".meta b")).to_have_text("<b>Anna</b>")
    assert await widget.messages.locator("[onclick], [onerror], [style], iframe, a[href^=javascript]").count() == 0
    assert await widget.page.evaluate("window.hit") is None


async def test_strict_content_policy_is_enough(visit: Visit, host: MemoryHost, elsewhere: Embedding) -> None:
    """A page that allows the script and its server, and no inline style or script, shows the chat in full dress."""
    origin = "http://127.0.0.1:*"
    elsewhere.headers = {
        "Content-Security-Policy": f"default-src 'none'; script-src {origin}; connect-src {origin}; img-src {origin}"
    }
    widget = await visit()
    violations: list[str] = []
    widget.page.on("console", lambda message: violations.append(message.text) if message.type == "error" else None)
    await widget.open()
    await widget.send("hi")
    await host.say(host.inbound[0].place, "<p>hello</p>")
    await widget.hears("hello")
    await expect(widget.panel).to_have_css("border-radius", "18px")
    assert [text for text in violations if "Content Security Policy" in text] == []


async def test_blocked_storage_is_no_obstacle(visit: Visit, host: MemoryHost) -> None:
    """Where the browser keeps nothing, the chat lasts as long as the page."""
    blocked = """for (const kind of ['localStorage', 'sessionStorage'])
        Object.defineProperty(window, kind, { get() { throw new DOMException('denied', 'SecurityError'); } });"""
    widget = await visit(script=blocked)
    await widget.open()
    await widget.send("hi")
    await host.say(host.inbound[0].place, "<p>hello</p>")
    await widget.hears("hello")
    await widget.send("still me")
    assert len(host.conversations) == 1


async def test_full_storage_is_no_obstacle(visit: Visit, host: MemoryHost) -> None:
    """Where the host site has filled the storage, messages still go."""
    full = """for (let size = 1 << 22; size; size >>= 1)
        try { for (;;) localStorage[Math.random()] = 'x'.repeat(size); } catch { /* not one of this size more */ }"""
    widget = await visit(script=full)
    await widget.open()
    await widget.send("hi")
    assert [m.text for m in host.inbound] == ["hi"]


async def test_strange_text_is_shown_as_it_is(visit: Visit, host: MemoryHost) -> None:
    """Right-to-left text stands in its own direction, control characters are left out, lines stay lines."""
    widget = await visit()
    await widget.open()
    await widget.input.evaluate("node => { node.value = 'a\\u0000b\\u001b[31m\\nsecond line'; }")
    await widget.input.press("Enter")
    await expect(widget.messages).to_have_count(1)
    await widget.send("مرحبا بك")
    assert [m.text for m in host.inbound] == ["ab[31m\nsecond line", "مرحبا بك"]
    await expect(widget.messages.nth(0).locator(".bubble")).to_have_css("white-space-collapse", "preserve")
    await expect(widget.messages.nth(1).locator(".bubble")).to_have_css("direction", "rtl")


async def test_too_long_a_text_stays_in_the_field(visit: Visit, host: MemoryHost) -> None:
    """A text over the limit is not sent and not lost: it stays to be shortened."""
    widget = await visit()
    await widget.open()
    await widget.type("x" * 10_001)
    await expect(widget.fault).to_have_text(widget.errors["too_long"])
    await expect(widget.input).to_have_value("x" * 10_001)
    await widget.type("😀" * 10_000)
    await expect(widget.messages).to_have_count(1)
    await widget.stored("😀" * 10_000)
    assert len(host.inbound) == 1
