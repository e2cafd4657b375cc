"""From a public place to the web chat: the link that stands under an escalation, over HTTP, through the real parts."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import async_playwright, expect
from sqlalchemy import update

import bot.web
from bot.app import App, load_content
from bot.conversation import now
from bot.settings import Settings
from bot.store.database import Session
from bot.store.link_tables import PrivateLink
from bot.store.tables import Address, Contact, Message
from channels.memory import Memory
from channels.webchat import WebChat
from channels.webchat.settings import WebChatSettings
from channels.words import Inbound, Limits, Place
from tests.browser.conftest import FLAGS
from tests.browser.widget import Widget
from tests.channels.webchat.visitor import Visitor
from tests.samples import rows, timeline, until
from tests.test_conversation import ROOT, Talk, parse

LINK = re.compile(r"(http://127\.0\.0\.1:\d+/channels/chat/private/)#([0-9a-f]{64})(?= )")


@dataclass
class Desk:
    """A running Frontdesk with a public place and a web chat."""

    talk: Talk
    base: str

    async def escalates(self) -> str:
        """Ann asks in public for what only a human can solve; the link she is given."""
        await self.talk.say("my BTC deposit is missing", public=True)
        [told] = await self.talk.say("", choice="didnt_help", public=True)
        found = LINK.search(told.text)
        assert found, told.text
        return found[2]

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[httpx.AsyncClient]:
        """Somebody on the page the link leads to."""
        async with httpx.AsyncClient(base_url=self.base, timeout=20, trust_env=False) as client:
            yield client

    async def opens(self, client: httpx.AsyncClient, link: str) -> Visitor:
        visitor = await Visitor.arrive(client)
        answer = await claim(client, visitor, link)
        assert answer.status_code == 200, answer.text
        return visitor


async def claim(client: httpx.AsyncClient, visitor: Visitor, link: str) -> httpx.Response:
    return await client.post("claim", json={"link": link}, headers=visitor.headers)


async def transcript(visitor: Visitor, messages: int) -> list[dict[str, Any]]:
    """What the visitor is shown, once it is so much."""
    async with asyncio.timeout(20):
        while True:
            async with visitor.events() as events:
                _, shown = await anext(events)
                if len(shown["messages"]) >= messages:
                    return list(shown["messages"])
            await asyncio.sleep(0.05)


@asynccontextmanager
async def running(folder: Path, channel: Memory, *, chat: bool = True, address: bool = True) -> AsyncIterator[Desk]:
    rasa = web.Application()
    rasa.router.add_post("/model/parse", parse)
    listener = bot.web.listen("127.0.0.1", 0)
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with TestServer(rasa) as server:
        settings = Settings.model_validate(
            {
                "database": {"url": f"sqlite:///{folder}/frontdesk.db"},
                "understanding": {"url": str(server.make_url("/"))},
                "conversation": {"quiet_seconds": 0},
                "folders": {"responses": ROOT / "responses", "intents": ROOT / "intents", "var": folder},
                "web": {"public_url": f"{origin}/"} if address else {},
            }
        )
        chats = {"chat": WebChat("chat", WebChatSettings(type="webchat"))} if chat else {}
        app = App(settings, load_content(settings), {"memory": channel, **chats}, None)
        stop = asyncio.Event()
        task = asyncio.create_task(app.run(stop, bot.web.Server(app.site(), listener)))
        yield Desk(Talk(app, channel), f"{origin}/channels/chat/private/")
        stop.set()
        await task


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk people reach from outside."""
    async with running(tmp_path, Memory()) as desk:
        yield desk


async def test_the_conversation_goes_on_in_private(desk: Desk) -> None:
    """What was said in public is shown, what could not be asked there is asked, and all of it is on the one ticket."""
    link = await desk.escalates()
    async with desk.browser() as client:
        visitor = await desk.opens(client, link)
        shown = await transcript(visitor, 5)
        assert [message.get("text") for message in shown if message["author"] == "user"] == [
            "my BTC deposit is missing",
            "",
        ]
        assert "Nobody else can read" in shown[-1]["html"]
        assert "network" in shown[-1]["html"]
        await visitor.post("over TRC20")
        await transcript(visitor, 7)
        await visitor.post("", choice="skip")
        last = (await transcript(visitor, 9))[-1]
        assert "FD-1001" in last["html"]
    view = await desk.talk.app.tickets.show("FD-1001")
    assert view.ticket.facts == {"coin": "BTC", "network": "TRC20"}
    assert [address.channel for address in view.addresses] == ["memory", "chat"]
    assert ("user", "moved") in timeline(desk.talk.app.database)
    assert len(rows(desk.talk.app.database, Contact)) == 1


async def test_the_agent_answers_where_it_went_on(desk: Desk) -> None:
    """From then on nothing of the agent's is said in public, though what is written there still reaches the ticket."""
    link = await desk.escalates()
    async with desk.browser() as client:
        visitor = await desk.opens(client, link)
        await transcript(visitor, 5)
        public = len(desk.talk.channel.sent)
        await desk.talk.app.tickets.reply("FD-1001", "Anna", "Hello")
        shown = await transcript(visitor, 7)
        assert [message["author"] for message in shown[-2:]] == ["system", "agent"]
        await desk.talk.say("still there?", replies=0, public=True)
        await until(lambda: timeline(desk.talk.app.database)[-1] == ("user", "message"))
        await desk.talk.app.tickets.solve("FD-1001", "Anna")
        assert (await transcript(visitor, 8))[-1]["author"] == "system"
        assert len(desk.talk.channel.sent) == public
        assert "still there?" not in [message.get("text") for message in await transcript(visitor, 8)]


async def test_where_an_agent_has_it_already_the_bot_asks_nothing(desk: Desk) -> None:
    """The person is told that it is private, and the agent's."""
    link = await desk.escalates()
    await desk.talk.app.tickets.take("FD-1001", "Anna")
    async with desk.browser() as client:
        visitor = await desk.opens(client, link)
        last = (await transcript(visitor, 6))[-1]
        assert (last["author"], "network" in last["html"]) == ("system", False)
        await visitor.post("it was 500 USDT")
        await until(lambda: timeline(desk.talk.app.database)[-1] == ("user", "message"))


async def test_a_link_opens_once(desk: Desk) -> None:
    """A second visitor is refused; the first one may ask again, where the answer was lost."""
    link = await desk.escalates()
    async with desk.browser() as client:
        first = await desk.opens(client, link)
        assert (await claim(client, first, link)).status_code == 200
        second = await claim(client, await Visitor.arrive(client), link)
        assert (second.status_code, second.json()["error"]) == (422, "link_over")
        assert len(rows(desk.talk.app.database, PrivateLink)) == 1
        assert len(await transcript(first, 5)) == 5


async def test_of_two_who_open_it_at_once_one_gets_it(desk: Desk) -> None:
    """However they meet."""
    link = await desk.escalates()
    async with desk.browser() as client:
        visitors = [await Visitor.arrive(client) for _ in range(5)]
        answers = await asyncio.gather(*(claim(client, visitor, link) for visitor in visitors))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422, 422]


async def test_looking_at_a_link_does_not_use_it_up(desk: Desk) -> None:
    """What fetches the page, as previews of links do, is told nothing and changes nothing; nobody may frame it."""
    link = await desk.escalates()
    async with desk.browser() as client:
        for method in ("GET", "HEAD"):
            page = await client.request(method, f"?x={link}")
            assert page.status_code == 200
            assert page.headers["content-security-policy"] == "frame-ancestors 'none'"
        assert (await client.get("claim")).status_code == 405
        await desk.opens(client, link)


async def test_an_old_link_opens_nothing(desk: Desk) -> None:
    """Neither one whose time is over nor one that a newer link took the place of."""
    first = await desk.escalates()
    await desk.talk.app.tickets.release("FD-1001", "Anna")
    await desk.talk.channel.until(3)
    second = await desk.escalates()
    async with desk.browser() as client:
        assert (await claim(client, await Visitor.arrive(client), first)).status_code == 422
        desk.talk.app.database.transact(aged)
        assert (await claim(client, await Visitor.arrive(client), second)).status_code == 422


def aged(session: Session) -> None:
    session.execute(update(PrivateLink).values(expires_at=now() - timedelta(seconds=1)))


@pytest.mark.parametrize("link", ["", "0" * 64, "g" * 64, "0" * 63, "'; --"])
async def test_a_made_up_link_opens_nothing(desk: Desk, link: str) -> None:
    """However it is made up, and nobody new is known after it."""
    async with desk.browser() as client:
        assert (await claim(client, await Visitor.arrive(client), link)).status_code in {400, 422}
        assert (await client.post("claim", json={"link": link})).status_code == 401
    assert rows(desk.talk.app.database, Address) == []


async def test_what_is_kept_opens_no_link(desk: Desk) -> None:
    """The token stands neither in the message as it is kept nor anywhere else in the database."""
    link = await desk.escalates()
    assert link[:32] in [message.text for message in rows(desk.talk.app.database, Message)][-1]
    kept = b"".join(path.read_bytes() for path in Path(desk.talk.app.settings.folders.var).glob("frontdesk.db*"))
    assert link.encode() not in kept
    assert link[32:].encode() not in kept


async def test_who_opens_a_link_learns_nothing_of_other_tickets(desk: Desk) -> None:
    """Nobody vouches for them: of all the person's tickets they may ask for the one the link was for."""
    await desk.talk.say("agent", handle="bob")
    await desk.talk.say("agent")
    group = Place(account="test", handle="ann", thread="group", public=True)
    for number, choice in enumerate([None, "didnt_help"]):
        said = Inbound(event_id=f"g{number}", place=group, text="my BTC deposit is missing", choice=choice)
        await desk.talk.app.hosts["memory"].deliver(said)
        await desk.talk.channel.until(3 + number)
    link = LINK.search(desk.talk.channel.sent[-1].text)
    assert link
    async with desk.browser() as client:
        visitor = await desk.opens(client, link[2])
        await transcript(visitor, 5)
        for ticket, told in (("FD-1001", "can't find"), ("FD-1002", "can't find"), ("FD-1003", "in the queue")):
            before = len(await transcript(visitor, 5))
            await visitor.post(f"where is {ticket}?")
            assert told in (await transcript(visitor, before + 2))[-1]["html"]


@pytest.mark.parametrize("missing", ["chat", "address"])
async def test_without_a_way_there_is_no_link(tmp_path: Path, missing: str) -> None:
    """Without a web chat, or an address for it, people are asked for a direct message."""
    async with running(tmp_path, Memory(), **{missing: False}) as desk:
        await desk.talk.say("my BTC deposit is missing", public=True)
        [told] = await desk.talk.say("", choice="didnt_help", public=True)
        assert "direct message" in told.text
        assert "http" not in told.text
        assert rows(desk.talk.app.database, PrivateLink) == []


async def test_where_links_do_not_arrive_none_is_given(tmp_path: Path) -> None:
    """X drops them from public posts unless told otherwise."""
    async with running(tmp_path, Memory(limits=Limits(choices=10, links=False))) as desk:
        await desk.talk.say("my BTC deposit is missing", public=True)
        [told] = await desk.talk.say("", choice="didnt_help", public=True)
        assert "http" not in told.text


async def test_in_a_browser(desk: Desk) -> None:
    """The button opens the chat with what was said before; the next one who comes is told in both languages."""
    link = await desk.escalates()
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS) as browser,
    ):
        errors: list[str] = []
        page = await browser.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(f"{desk.base}#{link}")
        await page.get_by_role("button", name="Open the chat").click()
        widget = Widget(page)
        await widget.online()
        await expect(widget.message("my BTC deposit is missing")).to_have_count(1)
        await widget.send("over TRC20")
        assert link not in page.url
        await page.reload()
        await widget.online()
        await expect(widget.message("over TRC20")).to_have_count(1)
        other = await (await browser.new_context(locale="zh-CN")).new_page()
        other.on("pageerror", lambda error: errors.append(str(error)))
        await other.goto(f"{desk.base}#{link}")
        await other.get_by_role("button", name="打开对话").click()
        await expect(other.get_by_text("此链接已被使用或已过期")).to_be_visible()
        await expect(other.get_by_text("This link was used already")).to_be_visible()
        assert errors == []
