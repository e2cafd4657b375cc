"""The whole story in a real browser, on a page of another origin: a question, a button, files, a person, a crash."""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from bot import answers
from tests.acceptance.conftest import Build, Start
from tests.acceptance.house import PATIENCE, ROOT, House
from tests.acceptance.page import Camera, elsewhere, tab
from tests.browser.widget import Widget
from tests.channels.webchat import samples

#: Milliseconds for whatever a busy machine may take.
SOON = PATIENCE * 1000

#: Messages the core is not through with.
UNFINISHED = "SELECT id FROM message WHERE state IN ('received', 'queued', 'sending')"

TICKET = "FD-1001"
AGENT = "Anna"
WORDS = answers.load(ROOT / "responses", "Example Exchange", ["en", "zh"])

DESKTOP = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light", "locale": "en-US"}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "color_scheme": "dark",
    "locale": "zh-CN",
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}

#: Who says what, in this order: the question, the button, the picture, the wish for a person, the agent's round, what
#: was written while the server was down, the agent's last word, and the end.
AUTHORS = ["user", "bot"] * 4 + ["system", "agent", "user", "user", "agent", "system"]


@dataclass(frozen=True, slots=True)
class Script:
    """What is said in one language; `answer` stands in the right answer to `question`, and in no other."""

    language: str
    question: str
    answer: str
    look: str
    #: What the bot says to a file: it keeps to the fact it asked for, where it asked for one.
    kept: str
    human: str
    wait: str
    replied: str
    more: str
    meanwhile: str
    found: str

    def sentence(self, name: str, **values: str) -> str:
        """One of Frontdesk's own sentences as it is shown."""
        return WORDS.sentence(name, self.language, **values).replace("**", "")


ENGLISH = Script(
    language="en",
    question="my withdrawal is still pending",
    answer="waiting to be put on the network",
    look="here is the screenshot",
    kept="Which coin is it?",
    human="I want a human",
    wait="hour",
    replied="Hello, I'm Anna. Let me look at that withdrawal.",
    more="how long does a withdrawal take?",
    meanwhile="it is 500 USDT over TRC20",
    found="Found it: it leaves within the hour.",
)
CHINESE = Script(
    language="zh",
    question="提现一直没到账",
    answer="正在等待上链",
    look="这是截图",
    kept="请问是哪个币种？",
    human="转人工",
    wait="小时",
    replied="您好，我是 Anna，我来帮您查一下这笔提现。",
    more="提现要多久？",
    meanwhile="是 500 USDT，走的 TRC20",
    found="查到了，一小时内就会发出。",
)


@pytest.mark.parametrize(
    ("script", "context"),
    [
        pytest.param(ENGLISH, DESKTOP, id="english-desktop-light"),
        pytest.param(CHINESE, PHONE, id="chinese-phone-dark"),
    ],
)
async def test_the_story(
    build: Build, start: Start, tmp_path: Path, request: pytest.FixtureRequest, script: Script, context: dict[str, Any]
) -> None:
    """Over a reload and a SIGKILL each message is there once, in order; from the takeover on the bot says nothing."""
    house = build()
    up = start(house)
    await up.ready()
    shots = Path(os.environ.get("FRONTDESK_SCREENSHOTS") or tmp_path)
    async with tab(**context) as page, elsewhere(house, page, script.language) as widget:
        visitor = Visitor(house, widget, script, Camera(page, shots, f"up-{request.node.callspec.id}"))
        await visitor.asks()
        await visitor.presses_a_button()
        await visitor.sends_a_picture(tmp_path / "screenshot.png")
        await visitor.is_refused_a_disguise(tmp_path / "photo.png")
        await visitor.asks_for_a_person()
        await visitor.meets_the_agent()
        await visitor.writes_to_the_agent()
        await visitor.reloads(phone="is_mobile" in context)
        await up.kill()
        await visitor.writes_without_a_server()
        start(house)
        await visitor.is_reconnected()
        await visitor.hears_the_end()
        assert await visitor.authors() == AUTHORS
    assert house.ask("SELECT author FROM message ORDER BY id") == [(author,) for author in AUTHORS]
    assert house.ask("SELECT DISTINCT state FROM message ORDER BY state") == [("handled",), ("sent",)]


class Visitor:
    """Somebody at the page; each step ends when what must follow from it is seen."""

    def __init__(self, house: House, widget: Widget, script: Script, camera: Camera) -> None:
        self.house = house
        self.widget = widget
        self.script = script
        self.camera = camera

    async def asks(self) -> None:
        await self.widget.open()
        await self.camera.take("opened")
        await self.widget.send(self.script.question)
        await self.sees(2, self.script.answer)
        await self.is_told_who_answers("bot")
        await self.camera.take("answered")

    async def presses_a_button(self) -> None:
        """Another answer, or the first fact a person will need: either follows from "that didn't help"."""
        button = self.script.sentence("button_didnt_help")
        await self.widget.choose(button)
        await self.widget.stored(button)
        another, ask = self.script.sentence("another"), self.script.sentence("ask_first", question="")
        await self.sees(4, re.compile(f"{re.escape(another)}|{re.escape(ask.strip())}"))
        human = self.script.sentence("button_human")
        await expect(self.widget.log.get_by_role("button", name=human)).to_have_count(1)
        await self.camera.take("another")

    async def sends_a_picture(self, picture: Path) -> None:
        picture.write_bytes(samples.png())
        await self.widget.attach(picture)
        await self.widget.input.press("Enter")
        await self.sees(6, self.script.kept)
        image = self.widget.log.get_by_role("img", name=picture.name)
        await expect(image).to_have_js_property("naturalWidth", 160)
        await self.camera.take("picture")

    async def is_refused_a_disguise(self, program: Path) -> None:
        """The reason stands at the message, which can be taken back; nothing of it is stored."""
        program.write_bytes(samples.EXE)
        await self.widget.attach(program)
        await self.widget.type(self.script.look)
        refused = self.widget.message(self.script.look)
        await expect(refused.get_by_role("alert")).to_have_text(self.widget.errors["file_type"], timeout=SOON)
        edit = refused.get_by_role("button", name=self.widget.ui["edit"])
        await expect(edit).to_be_in_viewport(ratio=1)
        await self.camera.take("refused")
        await edit.click()
        await expect(refused).to_have_count(0)
        await self.widget.page.locator("#frontdesk .chips button").click()
        await self.widget.input.fill("")

    async def asks_for_a_person(self) -> None:
        await self.widget.send(self.script.human)
        await self.sees(8, TICKET)
        await expect(self.widget.messages.last).to_contain_text(self.script.wait)
        number = self.widget.messages.last.locator("strong", has_text=TICKET)
        assert await number.evaluate("node => node.getClientRects().length") == 1, "broken over two lines"
        await self.is_told_who_answers("queue", TICKET)
        await self.camera.take("waiting")

    async def meets_the_agent(self) -> None:
        await self.agent("take")
        await self.sees(9, self.script.sentence("agent_joined", agent=AGENT))
        await self.is_told_who_answers("agent", TICKET)
        await self.agent("reply", self.script.replied)
        await self.widget.hears(self.script.replied)
        await expect(self.widget.messages.last.locator(".meta b")).to_have_text(AGENT)
        await self.camera.take("agent")

    async def writes_to_the_agent(self) -> None:
        """A question the bot has an answer to. That it keeps silent shows when all authors are counted at the end."""
        await self.widget.send(self.script.more)
        await self.handled()
        shown = await asyncio.to_thread(self.house.run, "tickets", "show", TICKET)
        assert self.script.more in shown.stdout.decode()
        await self.camera.take("silence")

    async def reloads(self, *, phone: bool) -> None:
        """Everything is there again, once; on a phone the chat covers the page, so it opens only when asked to."""
        before, authors = await self.widget.texts(), await self.authors()
        await self.widget.page.reload()
        await (self.widget.open() if phone else self.widget.online())
        await expect(self.widget.messages).to_have_count(len(authors))
        assert await self.widget.texts() == before
        assert await self.authors() == authors
        await self.is_told_who_answers("agent", TICKET)
        await self.camera.take("reloaded")

    async def writes_without_a_server(self) -> None:
        await expect(self.widget.state).to_have_text(self.widget.ui["offline"], timeout=SOON)
        await self.widget.type(self.script.meanwhile)
        note = self.widget.message(self.script.meanwhile).locator(".note")
        await expect(note).to_have_text(self.widget.ui["unsent"])
        await expect(note).to_be_in_viewport(ratio=1)
        await self.camera.take("offline")

    async def is_reconnected(self) -> None:
        await expect(self.widget.state).to_have_attribute("data-kind", "online", timeout=SOON)
        await self.widget.stored(self.script.meanwhile)
        await self.handled()
        await self.agent("reply", self.script.found)
        await self.widget.hears(self.script.found)
        await self.is_told_who_answers("agent", TICKET)
        await self.camera.take("back")

    async def hears_the_end(self) -> None:
        await self.agent("solve")
        await self.sees(len(AUTHORS), self.script.sentence("solved", ticket=TICKET))
        await self.is_told_who_answers("bot")
        await self.camera.take("solved")

    async def sees(self, count: int, wanted: str | re.Pattern[str]) -> None:
        """The message number `count` is the last one and says `wanted`."""
        await expect(self.widget.messages).to_have_count(count, timeout=SOON)
        await expect(self.widget.messages.last).to_contain_text(wanted)

    async def is_told_who_answers(self, owner: str, ticket: str = "") -> None:
        told = self.widget.ui[f"owner_{owner}"].replace("{agent}", AGENT)
        await expect(self.widget.owner).to_have_text(f"{told} · {ticket}" if ticket else told)

    async def authors(self) -> list[str]:
        """Who said each message on the page, top to bottom."""
        classes = await self.widget.messages.evaluate_all("nodes => nodes.map(node => [...node.classList])")
        return [next(name for name in names if name in AUTHORS) for names in classes]

    async def handled(self) -> None:
        """Returns once the core is through with everything the visitor wrote."""
        async with asyncio.timeout(PATIENCE):
            while self.house.ask(UNFINISHED):  # noqa: ASYNC110 - the server is another process
                await asyncio.sleep(0.1)

    async def agent(self, command: str, *text: str) -> None:
        await asyncio.to_thread(self.house.run, "tickets", command, TICKET, *text, "--as", AGENT)
