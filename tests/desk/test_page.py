from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import FilePayload, Page, expect
from pydantic import SecretStr

from bot import desk as desk_of
from bot.access.settings import Desk, Translator
from bot.conversation import Content, now
from bot.store import desk as desk_rows
from bot.store import phrases
from tests.channels.webchat.site import Server
from tests.desk.house import hire
from tests.desk.office import SOON, Office, office
from tests.desk.translator import LibreTranslate

expect.set_options(timeout=SOON)

STATIC = Path(desk_of.__file__).parent / "static"


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_office(content: Content, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """Anna and Bo work here; every test has users of its own."""
    libre = Server()
    await libre.start(LibreTranslate().app())
    desk = Desk(undo_seconds=2, translator=Translator(url=libre.origin, key=SecretStr("key-1")))
    async with office(content, tmp_path_factory.mktemp("office"), desk=desk) as opened:
        hire(opened.database, "Anna")
        hire(opened.database, "Bo")
        yield opened
    await libre.stop()


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


async def test_two_at_one_ticket_see_each_other(open_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bo is told that Anna writes while she does, and no longer than that."""
    monkeypatch.setattr(desk_rows, "WRITES_FOR", timedelta(hours=1))
    number = await open_office.comes("dora", "hello")
    anna, bo = await open_office.seat("Anna"), await open_office.seat("Bo")
    await bo.goto(f"/desk/tickets/{number}")
    await anna.goto(f"/desk/tickets/{number}#reply")
    await expect(bo.locator(".collision")).to_have_text(re.compile("Anna is looking"))
    await anna.keyboard.type("Let me see")
    await expect(bo.locator(".collision")).to_have_text(re.compile("Anna is writing"))
    await anna.keyboard.press("Control+Enter")
    await expect(bo.locator(".collision")).to_have_text(re.compile("Anna is looking"))


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


async def test_languages_are_bridged(open_office: Office) -> None:
    """`l` shows what the user wrote in the agent's language, and turns what the agent wrote into the user's."""
    number = await open_office.comes("小李", "提现一直没到账", language="zh")
    page = await open_office.seat("Anna")
    await page.goto(f"/desk/tickets/{number}")
    await page.keyboard.press("l")
    await expect(page.locator(".translated")).to_have_text("My withdrawal has still not arrived")
    await page.fill("#composer textarea", "One moment.")
    await page.click("[data-translate]")
    await expect(page.locator("#composer textarea")).to_have_value("请稍等。")
    await page.fill("#composer textarea", "What nobody can translate")
    await page.click("[data-translate]")
    await expect(page.locator(".toast.bad")).to_have_text("the translator gives no answer")
    await expect(page.locator("#composer textarea")).to_have_value("What nobody can translate")


async def test_canned_reply_knows_whom_it_is_for(open_office: Office) -> None:
    """Found by a word of it, in the user's language, with its placeholders filled in."""
    text = "Hello {name}, {agent} of {brand} here about {ticket}. {other} stays."
    await open_office.database.run(phrases.keep, "Greeting", "en", text, "Bo", now())
    await open_office.database.run(phrases.keep, "Greeting", "zh", "您好", "Bo", now())
    number = await open_office.comes("greta", "hello")
    page = await open_office.seat("Anna")
    await page.goto(f"/desk/tickets/{number}")
    await page.keyboard.press("c")
    await page.keyboard.type("greet")
    await expect(page.locator("#phrases .pick")).to_have_count(1)
    await page.click("#phrases .pick")
    said = f"Hello , Anna of Example Exchange here about {number}. {{other}} stays."
    await expect(page.locator("#composer textarea")).to_have_value(said)


async def test_intent_is_corrected_with_one_click(open_office: Office) -> None:
    """What the message meant instead stands there from then on, and is training material."""
    number = await open_office.comes("hugo", "where is my deposit")
    page = await open_office.seat("Anna")
    await page.goto(f"/desk/tickets/{number}")
    guess = page.locator(".guess[data-intent=deposit_missing], .guess[data-intent=withdrawal_fees]").first
    meant = await guess.get_attribute("data-intent")
    await guess.click()
    await expect(page.locator(f".guess[data-intent={meant}]")).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(".line.corrected")).to_be_visible()


async def test_file_that_cannot_be_carried_is_refused(open_office: Office) -> None:
    """In words that say why, and nothing of the answer is lost."""
    number = await open_office.comes("ida", "hello")
    page = await open_office.seat("Anna")
    await page.goto(f"/desk/tickets/{number}")
    sent = FilePayload(name="..\\..\\x.exe", mimeType="image/png", buffer=b"not a picture")
    await page.set_input_files("#composer input[type=file]", [sent])
    await reply(page, "Here it is.")
    await expect(page.locator(".toast.bad")).to_contain_text("carries no files")
    assert await page.input_value("#composer textarea") == "Here it is."


async def test_search_becomes_a_view(open_office: Office) -> None:
    """What is searched for is marked; kept, it is a view with its count; a filter that is none says so."""
    number = await open_office.comes("jan", "我的账户被冻结了")
    page = await open_office.seat("Anna")
    await page.keyboard.press("/")
    await page.keyboard.type("冻结")
    await page.keyboard.press("Enter")
    await expect(page.locator(f".row[data-number={number}] mark")).to_have_text("冻结")
    await page.goto("/desk?q=state:open,new%20language:en")
    await page.fill(".keep [name=title]", "English")
    await page.keyboard.press("Enter")
    await expect(page.locator(".views a[aria-current]")).to_contain_text("English")
    await page.goto("/desk?q=colour:red")
    await expect(page.locator("#list .notice")).to_contain_text('there is no filter "colour:"')


async def test_every_key_is_on_the_list(open_office: Office) -> None:
    """`?` shows each key the page listens to."""
    page = await open_office.seat("Anna")
    await page.keyboard.press("?")
    listed = set(await page.locator("#keys kbd").all_inner_texts())
    source = (STATIC / "keys.js").read_text("utf-8")
    keys = re.findall(r'^  (?:"(.)"|(\w)):', source[source.index("const KEYS") :], re.MULTILINE)
    assert {first or second for first, second in keys} <= listed


async def reply(page: Page, text: str) -> None:
    """Written and sent."""
    await page.fill("#composer textarea", text)
    await page.keyboard.press("Control+Enter")
