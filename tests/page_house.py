"""A running Frontdesk for tests of a ticket's own page, and somebody with a browser."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot.app import App
from bot.conversation import Content
from bot.settings import Settings
from bot.store import ticketing
from bot.store.database import Session
from bot.store.tables import Message, Ticket
from channels.memory import Memory
from channels.words import Outbound, Owner
from tests.samples import rows
from tests.test_conversation import ROOT, Talk

HERE = "https://help.example.org"
LINK = re.compile(rf"{HERE}(/tickets/[0-9a-f-]+)")
ONCE = re.compile(r'name="once" value="([0-9a-f]{32})"')


@dataclass
class House:
    """A running Frontdesk, and somebody with a browser."""

    talk: Talk
    client: httpx.AsyncClient

    @property
    def app(self) -> App:
        return self.talk.app

    async def link(self, handle: str = "ann") -> str:
        """Asks for a human, and then how it stands; where the link leads."""
        await self.talk.say("agent", handle=handle)
        number = rows(self.app.database, Ticket)[-1].number
        self.bot_again(number)
        [told] = await self.talk.say(f"status {number}", handle=handle)
        found = LINK.search(told.text)
        assert found, told.text
        return found[1]

    def bot_again(self, number: str) -> None:
        """An agent gives it back, unseen."""

        def back(session: Session) -> None:
            for conversation in ticketing.conversations(session, ticketing.find(session, number)):
                ticketing.change_owner(conversation, Owner.BOT)

        self.app.database.transact(back)

    async def shows(self, path: str, status: int = 200) -> str:
        answer = await self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    async def adds(
        self, path: str, text: str = "", files: list[tuple[str, bytes]] | None = None, once: str = ""
    ) -> httpx.Response:
        """Fills in the form and sends it."""
        if not once:
            found = ONCE.search(await self.shows(path))
            assert found
            once = found[1]
        sent = [("files", (name, data, "application/octet-stream")) for name, data in files or [("", b"")]]
        return await self.client.post(path, data={"once": once, "text": text}, files=sent)

    async def newest(self, count: int) -> Outbound:
        """The last of so many messages sent."""
        async with asyncio.timeout(20):
            return (await self.talk.channel.until(count))[-1]

    def said(self) -> list[tuple[str, str]]:
        """(text, author) of every message."""
        return [(message.text, message.author.value) for message in rows(self.app.database, Message)]


@asynccontextmanager
async def running(
    folder: Path,
    content: Content,
    migrated: Path,
    *,
    public_url: str | None = HERE,
    not_on: tuple[str, ...] = ("email",),
) -> AsyncIterator[House]:
    settings = Settings.model_validate(
        {
            "brand": {"name": "Acme"},
            "database": {"url": f"sqlite:///{folder}/frontdesk.db"},
            "conversation": {"quiet_seconds": 0},
            "folders": {"responses": ROOT / "responses", "intents": ROOT / "intents", "var": folder},
            "understanding": {"url": "http://127.0.0.1:9"},
            "web": {"public_url": public_url} if public_url else {},
            "ticket_page": {"not_on": not_on},
            "satisfaction": {"enabled": False},
        }
    )
    shutil.copy(migrated, folder / "frontdesk.db")
    channel = Memory()
    app = App(settings, content, {"memory": channel}, None)
    stop = asyncio.Event()
    task = asyncio.create_task(app.run(stop))
    transport = httpx.ASGITransport(app.site())
    async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
        try:
            yield House(Talk(app, channel), client)
        finally:
            stop.set()
            await task
