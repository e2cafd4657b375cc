from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.access.settings import Desk
from bot.conversation import Content
from tests.desk.house import hire
from tests.desk.office import SOON, Office, office

expect.set_options(timeout=SOON)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_office(content: Content, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """Anna and Bo work here; every test has users of its own."""
    async with office(content, tmp_path_factory.mktemp("office"), desk=Desk(undo_seconds=2)) as opened:
        hire(opened.database, "Anna")
        hire(opened.database, "Bo")
        yield opened


@pytest.fixture(autouse=True)
def nothing_broke(open_office: Office) -> Iterator[None]:
    """No page said that anything went wrong on it."""
    open_office.errors.clear()
    yield
    assert open_office.errors == []


async def test_answer_to_the_oldest_takes_two_keys(open_office: Office) -> None:
    """From the first page: `o`, the words, Ctrl and Enter; the user has them, and the ticket is Anna's."""
    first = await open_office.comes("ann", "my withdrawal is pending")
    await open_office.comes("bob", "my account is frozen", "email", priority="urgent")
    page = await open_office.seat("Anna")
    await page.keyboard.press("o")
    await page.wait_for_url(f"**/desk/tickets/{first}#reply")
    await expect(page.locator("#composer textarea")).to_be_focused()
    await page.keyboard.type("It left a minute ago.")
    await page.keyboard.press("Control+Enter")
    await open_office.hears("telegram", "It left a minute ago.")
    assert (await open_office.ticket(first)).assignee == "Anna"


async def test_page_is_live(open_office: Office) -> None:
    """A new ticket, a new message and what became of an answer are shown without a reload."""
    page = await open_office.seat("Anna")
    number = await open_office.comes("eve", "my withdrawal is pending")
    await page.click(f".row[data-number={number}]")
    await page.wait_for_url(f"**/desk/tickets/{number}*")
    await page.keyboard.press("t")
    await expect(page.locator(".head .marks")).to_contain_text("Anna")
    await open_office.says("eve", "are you there?")
    await expect(page.locator(".said.in").last).to_contain_text("are you there?")
    await page.keyboard.press("r")
    await page.keyboard.type("Yes.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".said.agent .delivery")).to_have_text("Sent")
    assert (await open_office.ticket(number)).state == "pending"


async def test_reply_can_be_taken_back(open_office: Office) -> None:
    """While it waits, `u` brings the words back into the box, and the user never sees them."""
    number = await open_office.comes("carl", "hello")
    page = await open_office.seat("Anna")
    await page.goto(f"/desk/tickets/{number}#reply")
    await page.keyboard.type("Wrong words")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".toast")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("u")
    await expect(page.locator("#composer textarea")).to_have_value("Wrong words")
    assert not any("Wrong" in sent.text for sent in open_office.channels["telegram"].sent)


async def test_two_at_one_ticket_see_each_other(open_office: Office) -> None:
    """Bo is told that Anna writes while she does."""
    number = await open_office.comes("dora", "hello")
    anna, bo = await open_office.seat("Anna"), await open_office.seat("Bo")
    await bo.goto(f"/desk/tickets/{number}")
    await anna.goto(f"/desk/tickets/{number}#reply")
    await expect(bo.locator(".collision")).to_have_text(re.compile("Anna is looking"))
    await anna.keyboard.type("Let me see")
    await expect(bo.locator(".collision")).to_have_text(re.compile("Anna is writing"))


async def test_suggestion_is_one_key_away(open_office: Office) -> None:
    """`.` puts the approved answer to what was meant into the box."""
    number = await open_office.comes("fred", "my withdrawal is pending")
    page = await open_office.seat("Anna")
    await page.goto(f"/desk/tickets/{number}")
    await page.keyboard.press(".")
    await expect(page.locator("#composer textarea")).to_have_value(re.compile("waiting to be put on the network"))


async def test_what_people_write_runs_nothing(open_office: Office) -> None:
    """Markup of a user and of an agent is text; nothing on the page is of their making."""
    evil = "<img src=x onerror=alert(1)> <script>alert(2)</script> [link](javascript:alert(3))"
    number = await open_office.comes("<b>ann</b>", evil, title=evil, facts={"coin": evil})
    page = await open_office.seat("Anna")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    await page.goto(f"/desk/tickets/{number}")
    await expect(page.locator(".said.in .text")).to_have_text(evil)
    await reply(page, evil)
    await expect(page.locator(".said.agent")).to_be_visible()
    made = "script:not([src^='/desk/static/']), .talk img, .row b, a[href^='javascript']"
    assert await page.locator(made).count() == 0


async def reply(page: Page, text: str) -> None:
    """Written and sent."""
    await page.fill("#composer textarea", text)
    await page.keyboard.press("Control+Enter")
