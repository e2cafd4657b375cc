"""Two agents in real browsers and three people on three channels, with the real `frontdesk up` between them."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.acceptance.conftest import Build, Start
from tests.acceptance.house import PATIENCE, House
from tests.acceptance.peers import Side, sections
from tests.acceptance.test_channels import holds
from tests.browser.conftest import FLAGS
from tests.channels.telegram.platform import Platform as Telegram

#: Milliseconds for whatever a busy machine may take.
SOON = PATIENCE * 1000

PASSWORD = "correct horse battery"

LIGHT = {"viewport": {"width": 1360, "height": 860}, "color_scheme": "light", "locale": "en-US"}
DARK = {"viewport": {"width": 1360, "height": 860}, "color_scheme": "dark", "locale": "zh-CN"}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "color_scheme": "dark",
    "locale": "zh-CN",
    "is_mobile": True,
    "has_touch": True,
}

#: A promise short enough to be broken while one looks on; what is broken goes back to the queue.
SLA = {
    "policies": {
        "all": {"first_response": "4h"},
        "urgent": {"priority": "urgent", "first_response": "1m", "on_breach": ["notify", "reassign"]},
    }
}


@dataclass
class Desk:
    """What the story is played on."""

    house: House
    sides: dict[str, Side]
    browser: Browser
    shots: Path
    errors: list[str] = field(default_factory=list)
    taken: int = 0

    async def hired(self, link: str, name: str, language: str, **context: Any) -> Page:
        """Somebody follows their link, chooses a password and signs in; their open desk."""
        page = await self._page(**context)
        await page.goto(link)
        if await page.locator("[name=name]").count():
            await page.fill("[name=name]", name)
            await page.fill("[name=email]", f"{name.lower()}@example.org")
        await page.fill("[name=password]", PASSWORD)
        await page.select_option("[name=language]", language)
        await page.click("button.main")
        await page.wait_for_url("**/desk/login")
        return await self._sign_in(page, name)

    async def signed_in(self, name: str, **context: Any) -> Page:
        """The desk of somebody who works there, in another browser."""
        page = await self._page(**context)
        await page.goto("/desk/login")
        return await self._sign_in(page, name)

    async def _page(self, **context: Any) -> Page:
        page = await (await self.browser.new_context(base_url=self.house.base, **context)).new_page()
        page.set_default_timeout(SOON)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    async def _sign_in(self, page: Page, name: str) -> Page:
        await page.fill("[name=email]", f"{name.lower()}@example.org")
        await page.fill("[name=password]", PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/desk")
        return page

    async def shoot(self, page: Page, what: str) -> None:
        """A picture of the page, numbered in the order of the story."""
        self.taken += 1
        await page.screenshot(path=self.shots / f"desk-{self.taken:02}-{what}.png")

    def heard(self, channel: str, person: str) -> str:
        """Everything the person was told."""
        return "\n".join(seen.text for seen in self.sides[channel].seen(person))

    async def hears(self, channel: str, person: str, text: str) -> None:
        await holds(lambda: text in self.heard(channel, person), f"{person} on {channel} never hears {text!r}")

    async def talks(self, channel: str, person: str, text: str) -> None:
        """They say it, and hear something."""
        heard = len(self.sides[channel].seen(person))
        await self.sides[channel].say(person, text)
        await holds(lambda: len(self.sides[channel].seen(person)) > heard, f"nobody answers {text!r}")

    async def wants_human(self, channel: str, person: str, *said: str) -> str:
        """They ask and are put in the queue; the number of their ticket."""
        for text in said:
            await self.sides[channel].say(person, text)
        await holds(lambda: re.search(r"FD-\d+", self.heard(channel, person)), f"{person} on {channel} gets no ticket")
        return str(re.findall(r"FD-\d+", self.heard(channel, person))[-1])


@asynccontextmanager
async def desk_of(house: House, sides: dict[str, Side], shots: Path) -> AsyncIterator[Desk]:
    """A browser beside the house; any error on a page is raised in the end."""
    shots.mkdir(parents=True, exist_ok=True)
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS) as browser,
    ):
        desk = Desk(house, sides, browser, shots)
        yield desk
        assert desk.errors == []


def link_in(text: str) -> str:
    """The one-time link that was printed."""
    found = re.search(r"https?://\S+/desk/invite/\S+", text)
    assert found, text
    return found[0]


async def opened(page: Page, number: str, *, reply: bool = False) -> None:
    """The ticket, in this page."""
    await page.goto(f"/desk/tickets/{number}{'#reply' if reply else ''}")


async def answer(page: Page, text: str) -> None:
    """Written into the box and sent."""
    await page.fill("#composer textarea", text)
    await page.keyboard.press("Control+Enter")


async def chosen(page: Page, key: str, dialog: str, **fields: str) -> None:
    """A dialog, opened by its key, filled in and sent."""
    await page.locator("#composer textarea").blur()
    await page.keyboard.press(key)
    form = page.locator(f"#{dialog}[open] form")
    for name, value in fields.items():
        control = form.locator(f"[name={name}]")
        await (control.select_option(value) if name in {"to", "kind", "message"} else control.fill(value))
    await form.locator("button.main").click()


@pytest.fixture
def house(build: Build, sides: dict[str, Side], tmp_path: Path) -> House:
    """Frontdesk on Telegram, Discord and by e-mail, where an urgent promise holds for a minute."""
    of = {
        name: section for name, section in sections(sides, tmp_path).items() if name in {"telegram", "discord", "email"}
    }
    quick: dict[str, dict[str, object]] = {"conversation": {"quiet_seconds": 0}, "desk": {"undo_seconds": 1}}
    anybody = {
        "allowed": [{"priorities": ["urgent", "high", "normal", "low"]}],
        "region": "SG",
        "zone": "Asia/Singapore",
    }
    return build(channels=of, sla=SLA, call_backs=anybody, satisfaction={"enabled": False}, **quick)


async def test_a_day_at_the_desk(house: House, start: Start, sides: dict[str, Side], tmp_path: Path) -> None:
    """Taken, answered, noted, handed over, merged and undone, solved, reopened, late and back in the queue."""
    up = start(house)
    await up.ready()
    async with desk_of(house, sides, Path(os.environ.get("FRONTDESK_SCREENSHOTS") or tmp_path)) as desk:
        anna = await desk.hired(link_in(house.logs()), "Anna", "en", **LIGHT)
        invited = await asyncio.to_thread(house.run, "agents", "invite", "Bo", "bo@example.org", "--role", "lead")
        bo = await desk.hired(link_in(invited.stdout.decode()), "Bo", "zh", **DARK)
        ann = await desk.wants_human("telegram", "ann", "my withdrawal is still pending", "I want a human")
        bob = await desk.wants_human("email", "bob", "提现一直没到账", "转人工")
        eve = await desk.wants_human("discord", "ann", "I want a human")
        await is_answered(desk, anna, ann)
        await is_handed_over(desk, anna, bo, ann)
        await are_merged_and_parted(desk, bo, bob, eve)
        await is_solved_and_opened_again(desk, bo, ann)
        await is_called_back(desk, anna)
        await is_late(desk, anna, bo, eve)
        await in_a_pocket(desk, bob)


async def is_answered(desk: Desk, anna: Page, number: str) -> None:
    """The three are there without a reload; whoever waits longest is answered with two keys besides the words."""
    await expect(anna.locator(".row")).to_have_count(3, timeout=SOON)
    await desk.shoot(anna, "three-wait")
    await anna.keyboard.press("o")
    await anna.wait_for_url(f"**/desk/tickets/{number}#reply")
    await anna.keyboard.type("Hello, I am **Anna**. It left a minute ago.")
    await desk.shoot(anna, "writing")
    await anna.keyboard.press("Control+Enter")
    await desk.hears("telegram", "ann", "It left a minute ago.")
    await expect(anna.locator(".said.agent .delivery").last).to_have_text("Sent", timeout=SOON)
    await desk.shoot(anna, "answered")


async def is_handed_over(desk: Desk, anna: Page, bo: Page, number: str) -> None:
    """Bo finds the note that names him, and the user is answered by Bo."""
    await anna.locator("#composer textarea").blur()
    await anna.keyboard.press("n")
    await anna.keyboard.type("@Bo could you check the network?")
    await anna.keyboard.press("Control+Enter")
    await expect(anna.locator(".line.note")).to_be_visible(timeout=SOON)
    await chosen(anna, "a", "assign", to="Bo")
    await expect(anna.locator(".head .marks")).to_contain_text("Bo", timeout=SOON)
    await opened(bo, number, reply=True)
    await expect(bo.locator(".line.note")).to_contain_text("could you check the network?")
    await desk.shoot(bo, "handed-over")
    await answer(bo, "I am Bo. The network has it.")
    await desk.hears("telegram", "ann", "The network has it.")


async def are_merged_and_parted(desk: Desk, bo: Page, number: str, other: str) -> None:
    """One goes on as the other, and comes back."""
    await opened(bo, number)
    await chosen(bo, "m", "merge", into=other)
    await bo.wait_for_url(f"**/desk/tickets/{other}")
    await expect(bo.locator(".said.in")).not_to_have_count(1)
    await desk.shoot(bo, "merged")
    await bo.keyboard.press("u")
    await expect(bo.locator(".line.undone")).to_be_visible(timeout=SOON)
    await opened(bo, number)
    await expect(bo.locator(".head .tag.state-new")).to_be_visible()
    await desk.shoot(bo, "parted")


async def is_solved_and_opened_again(desk: Desk, bo: Page, number: str) -> None:
    """The user is told; opened again, it is worked on."""
    await opened(bo, number)
    await bo.keyboard.press("s")
    await expect(bo.locator(".head .tag.state-solved")).to_be_visible(timeout=SOON)
    await desk.hears("telegram", "ann", "solved")
    await desk.shoot(bo, "solved")
    await bo.keyboard.press("x")
    await expect(bo.locator(".head .tag.state-open")).to_be_visible(timeout=SOON)


async def is_called_back(desk: Desk, anna: Page) -> None:
    """Number, account and problem first, then a time to choose: Anna finds all of it on one page, and calls."""
    telegram = desk.sides["telegram"]
    assert isinstance(telegram, Telegram)
    for said in ("call me", "+65 6321 0987", "my uid is 4711", "the page stays white"):
        await desk.talks("telegram", "bob", said)
    await holds(lambda: any("GMT" in title for title in telegram.seen("bob")[-1].buttons), "no time is offered")
    await telegram.press("bob", telegram.seen("bob")[-1].buttons[0])
    await holds(lambda: desk.house.ask("SELECT id FROM callback"), "no call is booked")
    await anna.goto("/desk/calls")
    await expect(anna.locator("main")).to_contain_text("+65 6321 0987")
    await expect(anna.locator("main")).to_contain_text("the page stays white")
    await desk.shoot(anna, "call-booked")
    await anna.locator("form[action$='/start'] button").first.click()
    await anna.click("form[action$='/outcome'] button[value=reached]")
    await desk.shoot(anna, "called")


async def is_late(desk: Desk, anna: Page, bo: Page, number: str) -> None:
    """Bo takes what is urgent and says nothing: it is back in the queue, and Anna sees that it is late."""
    await opened(bo, number)
    await bo.keyboard.press("e")
    await bo.select_option("#change [name=priority]", "urgent")
    await bo.click("#change button.main")
    await expect(bo.locator(".tag.priority.urgent")).to_be_visible(timeout=SOON)
    await bo.keyboard.press("t")
    await expect(bo.locator(".head .marks")).to_contain_text("Bo", timeout=SOON)
    await anna.goto("/desk?view=late")
    await expect(anna.locator(f".row.late[data-number={number}]")).to_be_visible(timeout=2 * SOON)
    await opened(anna, number)
    await expect(anna.locator(".line.breached")).to_be_visible(timeout=SOON)
    await expect(anna.locator("[data-act=take]")).to_be_visible()
    await desk.shoot(anna, "late")
    await answer(anna, "Sorry for the wait. I am with you now.")
    await desk.hears("discord", "ann", "Sorry for the wait.")


async def in_a_pocket(desk: Desk, number: str) -> None:
    """On a phone, in Chinese and in the dark, the user of a mail is answered."""
    page = await desk.signed_in("Bo", **PHONE)
    await desk.shoot(page, "phone-queue")
    await opened(page, number)
    await desk.shoot(page, "phone-ticket")
    await page.fill("#composer textarea", "您好，我来帮您查一下。")
    await page.click("#composer .main")
    await desk.hears("email", "bob", "我来帮您查一下")
    await expect(page.locator(".said.agent .delivery").last).to_have_text("已发送", timeout=SOON)
    await desk.shoot(page, "phone-answered")
