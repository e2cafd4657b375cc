"""For everybody: keyboard, screen reader, phone, dark and light, English and Chinese."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from channels.words import Author, Choice, Owner, Signal
from tests.browser.conftest import Visit
from tests.browser.widget import Widget
from tests.channels.webchat import samples
from tests.channels.webchat.host import MemoryHost

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
DESKTOP = {"viewport": {"width": 1200, "height": 800}}
#: Contrast of every text in the widget to what is painted behind it, by the formula of WCAG 2.
CONTRAST = """() => {
    const parse = color => (color.match(/[\\d.]+/g) || []).map(Number);
    const light = ([r, g, b]) => [r / 255, g / 255, b / 255]
        .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const behind = node => {
        for (; node; node = node.parentElement) {
            const color = parse(getComputedStyle(node).backgroundColor);
            if (color.length === 3 || color[3] === 1) return color;
        }
        return [255, 255, 255];
    };
    const out = [], { shadowRoot } = document.getElementById('frontdesk');
    const walker = document.createTreeWalker(shadowRoot, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !node.checkVisibility() || node.tagName === 'STYLE') continue;
        const [a, b] = [parse(getComputedStyle(node).color), behind(node)].map(light);
        out.push([walker.currentNode.data, (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]);
    }
    return out;
}"""


async def focused(page: Page) -> str:
    """The accessible name of what has the focus, through shadow roots."""
    return str(
        await page.evaluate(
            """() => {
                let node = document.activeElement;
                while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
                return node.getAttribute('aria-label') || node.textContent;
            }"""
        )
    )


async def conversation(widget: Widget, host: MemoryHost, folder: Path, *, chinese: bool) -> None:
    """Something of everything, to be looked at."""
    says = (
        ["提现一直没到账", "充值一般多久到账？", "转人工"]
        if chinese
        else ["my withdrawal is still pending", "And how long do deposits take?", "I want a human"]
    )
    await widget.open()
    await widget.send(says[0])
    place = host.inbound[-1].place
    answer = (
        "<p>提现会依次经过<strong>审核、广播、链上确认</strong>三步：</p><ol>"
        "<li>打开<strong>资产 &gt; 提现记录</strong></li><li>查看状态，若为“处理中”，请稍候</li></ol>"
        "<p>如果超过页面显示的时间，我可以为您转人工。</p>"
        if chinese
        else "<p>A withdrawal is <strong>reviewed, sent, then confirmed</strong> by the network:</p><ol>"
        "<li>Open <strong>Assets &gt; Withdrawals</strong></li><li>Look at its status; <code>Sent</code> has a link to "
        "the <a href='https://example.com'>block explorer</a></li></ol><p>If it takes longer than shown there, I can "
        "pass you to a person.</p>"
    )
    titles = ["这没有解决我的问题", "查看手续费"] if chinese else ["That didn't help", "What does it cost?"]
    choices = [Choice(title=title, payload=title) for title in titles]
    await host.say(place, answer, choices=choices)
    await widget.page.wait_for_timeout(200)
    picture = folder / "screenshot.png"
    picture.write_bytes(samples.png(320, 180))
    await widget.attach(picture)
    await widget.send(says[2])
    state = host.at(place)
    state.owner, state.ticket = Owner.QUEUE, "FD-1001"
    await host.say(
        place, "<p>已创建工单 FD-1001。</p>" if chinese else "<p>Your ticket is FD-1001.</p>", author=Author.SYSTEM
    )
    state.owner, state.agent = Owner.AGENT, "Anna"
    greeting = "您好，我是 Anna，正在为您查看。" if chinese else "Hello, this is Anna. I am looking at it now."
    await host.say(place, f"<p>{greeting}</p>", author=Author.AGENT, name="Anna")
    await widget.hears(greeting)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_it_can_be_read(
    visit: Visit, host: MemoryHost, tmp_path: Path, shots: Path, device: str, language: str, scheme: str
) -> None:
    """In every dress all text stands out by 4.5 to 1, nothing overflows, and a phone shows the chat in full."""
    widget = await visit(language=language, color_scheme=scheme, **(PHONE if device == "phone" else DESKTOP))
    await conversation(widget, host, tmp_path, chinese=language == "zh")
    await widget.page.wait_for_timeout(400)
    await widget.page.screenshot(path=shots / f"widget-{device}-{language}-{scheme}.png")
    for text, ratio in await widget.page.evaluate(CONTRAST):
        assert ratio >= 4.5, (text, ratio)
    assert await widget.log.evaluate("node => node.scrollWidth <= node.clientWidth")
    box = await widget.panel.bounding_box()
    assert box is not None
    assert ((box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 780)) is (device == "phone")


async def test_keyboard_is_enough(visit: Visit, host: MemoryHost) -> None:
    """From the page to a sent message and back without a mouse; Escape closes and the focus returns where it was."""
    widget = await visit()
    page = widget.page
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    assert await focused(page) == widget.ui["launch"]
    await page.keyboard.press("Enter")
    assert await focused(page) == widget.ui["placeholder"]
    await page.keyboard.type("first line")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("second line")
    await page.keyboard.press("Enter")
    await expect(widget.input).to_have_value("")
    await expect(widget.messages).to_have_count(1)
    await widget.online()
    await page.keyboard.press("Tab")
    assert await focused(page) == widget.ui["send"]
    order = [widget.ui["placeholder"], widget.ui["attach"], widget.ui["log"], widget.ui["close"]]
    for name in order:
        await page.keyboard.press("Shift+Tab")
        assert await focused(page) == name
    await page.keyboard.press("Escape")
    await expect(widget.panel).to_be_hidden()
    assert await focused(page) == widget.ui["launch"]
    await page.locator("#before").focus()
    await page.evaluate("Frontdesk.open()")
    await page.keyboard.press("Escape")
    assert await focused(page) == "Buy"
    assert [m.text for m in host.inbound] == ["first line\nsecond line"]


async def test_enter_of_an_input_method_does_not_send(visit: Visit, host: MemoryHost) -> None:
    """While a Chinese input method composes, Enter chooses a candidate; the next Enter sends."""
    widget = await visit(language="zh")
    await widget.open()
    session = await widget.page.context.new_cdp_session(widget.page)
    await session.send("Input.imeSetComposition", {"text": "ti xian", "selectionStart": 7, "selectionEnd": 7})
    await widget.input.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    await session.send("Input.insertText", {"text": "提现"})
    await expect(widget.input).to_have_value("提现")
    assert host.inbound == []
    await widget.input.press("Enter")
    await widget.stored("提现")


async def test_phone_keeps_the_focus_within(visit: Visit) -> None:
    """Full screen, the chat is modal: Tab goes round within it and the page behind does not scroll."""
    widget = await visit(**PHONE)
    await widget.open()
    await expect(widget.panel).to_have_attribute("aria-modal", "true")
    assert await focused(widget.page) == widget.ui["close"]
    await widget.page.keyboard.press("Shift+Tab")
    assert await focused(widget.page) == widget.ui["send"]
    await widget.page.keyboard.press("Tab")
    assert await focused(widget.page) == widget.ui["close"]
    await expect(widget.page.locator("html")).to_have_css("overflow", "hidden")
    await widget.page.keyboard.press("Escape")
    await expect(widget.page.locator("html")).not_to_have_css("overflow", "hidden")


async def test_screen_reader_has_a_name_for_everything(visit: Visit, host: MemoryHost, tmp_path: Path) -> None:
    """A screen reader finds a named dialog, a polite log, buttons and pictures with names, authors in words."""
    widget = await visit()
    await conversation(widget, host, tmp_path, chinese=False)
    await expect(widget.log).to_have_attribute("aria-live", "polite")
    await expect(widget.panel).to_match_aria_snapshot(
        """
        - dialog "Chat with Northwind Exchange":
          - heading "Chat with Northwind Exchange" [level=2]
          - status: Anna is answering · FD-1001
          - button "Close chat"
          - log "Messages":
            - strong: Hello! How can we help?
            - text: You
            - time
            - text: my withdrawal is still pending Assistant
            - time
            - list:
              - listitem
              - listitem:
                - link "block explorer"
            - text: You
            - time
            - text: I want a human
            - link "screenshot.png":
              - img "screenshot.png"
            - paragraph: Your ticket is FD-1001.
            - text: Anna
            - time
            - paragraph: Hello, this is Anna. I am looking at it now.
          - button "Attach files"
          - textbox "Write a message…"
          - button "Send"
        """
    )
    unnamed = """() => [...document.getElementById('frontdesk').shadowRoot.querySelectorAll('button, a, textarea, img')]
        .filter(node => !(node.ariaLabel || node.alt || node.textContent.trim() || node.querySelector('img[alt]')))
        .map(node => node.outerHTML)"""
    assert await widget.page.evaluate(unnamed) == []


async def test_motion_is_left_out_on_request(visit: Visit) -> None:
    """Who asks for reduced motion gets none."""
    widget = await visit(reduced_motion="reduce")
    await widget.open()
    await expect(widget.panel).to_have_css("animation-name", "none")
    await expect(widget.launch).to_have_css("transition-duration", "0s")


async def test_reader_is_not_pulled_away(visit: Visit, host: MemoryHost) -> None:
    """Who has scrolled up stays there when a message comes, and is offered a way down."""
    widget = await visit()
    await widget.open()
    await widget.send("hi")
    place = host.inbound[0].place
    for number in range(20):
        await host.say(place, f"<p>answer {number}</p>")
    await widget.hears("answer 19")
    await widget.log.evaluate("node => { node.scrollTop = 0; }")
    jump = widget.page.get_by_role("button", name=widget.ui["newer"])
    await host.say(place, "<p>the newest</p>")
    await expect(jump).to_be_visible()
    assert await widget.log.evaluate("node => node.scrollTop") == 0
    await jump.click()
    await expect(widget.message("the newest")).to_be_in_viewport()
    await expect(jump).to_be_hidden()


async def test_reader_at_the_end_stays_there(visit: Visit, host: MemoryHost) -> None:
    """Who reads the newest message sees the next one too, through buttons that go and dots that come."""
    widget = await visit()
    await widget.open()
    jump = widget.page.get_by_role("button", name=widget.ui["newer"])
    for number in range(4):
        await widget.send(f"question {number}")
        place = host.inbound[0].place
        assert host.channel
        if number % 2:
            await host.channel.signal(place, Signal.TYPING)
            await expect(widget.log.locator(".typing")).to_be_visible()
        lines = "".join(f"<li>line {line} of answer {number}</li>" for line in range(12))
        await host.say(
            place, f"<ul>{lines}</ul><p>end of {number}</p>", choices=[Choice(title="More", payload="human")]
        )
        await expect(widget.log.get_by_text(f"end of {number}")).to_be_in_viewport()
        await expect(widget.log.get_by_role("button", name="More")).to_be_in_viewport()
        await expect(jump).to_be_hidden()
