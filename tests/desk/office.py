"""Frontdesk whole in this process, with people who write where no platform is, and agents in a real browser."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from bot import web
from bot.access.passwords import Passwords
from bot.app import App
from bot.conversation import Content, now
from bot.settings import ConversationSection, DatabaseSection, Folders, Settings, UnderstandingSection
from bot.store import ticketing, turns
from bot.store.database import Database
from bot.store.tables import Ticket
from channels.memory import Memory
from channels.words import Inbound, Place
from tests.browser.conftest import FLAGS
from tests.desk.house import PASSWORD, QUICK
from tests.samples import arrive, escalation, outcome, turn_of, until

ROOT = Path(__file__).parents[2]

#: Milliseconds for whatever a busy machine may take.
SOON = 20_000

#: The browser's words for an answer that is no success, though no fault of ours.
REFUSED = re.compile(r"server responded with a status of 4\d\d")

CHANNELS = ("telegram", "email", "discord")

#: What a model would have made of a message.
UNDERSTOOD = {"ranking": [["withdrawal_pending", 0.82], ["deposit_missing", 0.09], ["withdrawal_fees", 0.05]]}


@dataclass
class Office:
    """Where agents work; `origin` is where their browsers find it."""

    app: App
    channels: dict[str, Memory]
    origin: str
    browser: Browser
    errors: list[str] = field(default_factory=list)
    _events: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def database(self) -> Database:
        return self.app.database

    async def comes(self, person: str, text: str, channel: str = "telegram", **about: Any) -> str:
        """Somebody writes and is put in the queue; the number of their ticket."""
        said = self._said(person, text)
        arrival = arrive(self.database, said, now(), channel=channel)
        turn = turn_of(self.database, arrival.conversation_id)
        reply = f"Your ticket is {{ticket}}, {person}."
        ends = outcome(
            reply,
            language=about.get("language", "en"),
            escalation=escalation(**about),
            understood=UNDERSTOOD,
            intent="withdrawal_pending",
            confidence=0.82,
        )
        await self.database.run(turns.finish, turn, ends, now())
        self.app.delivery.nudge()
        ticket = await self.database.run(ticketing.ticket_of, arrival.conversation_id)
        assert ticket
        return ticket.number

    async def says(self, person: str, text: str, channel: str = "telegram") -> None:
        """They write again."""
        await self.app.hosts[channel].deliver(self._said(person, text))

    async def hears(self, channel: str, text: str) -> None:
        """Returns once somebody on `channel` was told so."""
        await until(lambda: any(text in sent.text for sent in self.channels[channel].sent))

    async def ticket(self, number: str) -> Ticket:
        """As it stands."""
        return await self.database.run(ticketing.find, number)

    async def seat(self, name: str, **context: Any) -> Page:
        """An agent who was hired, signed in, in a browser of their own."""
        page = await (await self.browser.new_context(base_url=self.origin, **context)).new_page()
        page.set_default_timeout(SOON)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note)
        await page.goto("/desk/login")
        await page.fill("[name=email]", f"{name.lower()}@example.org")
        await page.fill("[name=password]", PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/desk")
        return page

    def _note(self, said: ConsoleMessage) -> None:
        """What was refused in words is told on the page; all else is an error."""
        if said.type == "error" and not REFUSED.search(said.text):
            self.errors.append(said.text)

    def _said(self, person: str, text: str) -> Inbound:
        place = Place(account="desk", handle=person)
        return Inbound(event_id=f"event-{next(self._events)}", place=place, text=text)


@asynccontextmanager
async def office(content: Content, folder: Path, **changes: Any) -> AsyncIterator[Office]:
    """Open until it is left, with all of it in `folder`; `changes` are sections of the settings."""
    settings = Settings(
        folders=Folders(responses=ROOT / "responses", intents=ROOT / "intents", var=folder),
        database=DatabaseSection(url=f"sqlite:///{folder / 'desk.db'}"),
        understanding=UnderstandingSection(url="http://127.0.0.1:9", timeout_seconds=1),
        conversation=ConversationSection(quiet_seconds=0, burst_seconds=0),
        **changes,
    )
    channels = {name: Memory(name) for name in CHANNELS}
    app = App(settings, content, channels, None)
    site = app.site()
    site.state.gate.passwords = Passwords(QUICK)
    listener = web.listen("127.0.0.1", 0)
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop, web.Server(site, listener)))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        try:
            office = Office(app, channels, f"http://localhost:{listener.getsockname()[1]}", browser)
            yield office
        finally:
            await browser.close()
            stop.set()
            await running
