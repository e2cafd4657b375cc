"""Frontdesk as `frontdesk up` runs it, in a process of its own that tells how long each wait for Rasa took.

`python -m tests.bench.served config.yaml` serves the web chat. Each line on standard input is a request, each line on
standard output its answer; at the end of input it stops. The request is `{}` for the seconds of the waits since the
last one, or `{"clients": n, "conversations": [[text, ...], ...]}` for a round through the memory channel.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from bot import logs, settings, web
from bot.app import App, load_content
from bot.check import built
from bot.config_file import ConfigFile
from bot.understanding import Understanding
from bot.understood import Understood
from channels.memory import Memory
from channels.words import Inbound, Limits, Markup, Outbound, Place, Sent
from tests.bench.talks import Ask, Round, lead


class Timed(Understanding):
    """Keeps how long each call took."""

    seconds: list[float]

    async def parse(self, text: str) -> Understood:
        began = time.perf_counter()
        try:
            return await super().parse(text)
        finally:
            self.seconds.append(time.perf_counter() - began)


class Terminal(Memory):
    """A memory channel whose sends can be awaited by conversation."""

    limits = Limits(choices=10, markup=Markup.HTML)

    def __init__(self) -> None:
        super().__init__("terminal")
        self.replies: dict[str, asyncio.Queue[Outbound]] = {}

    async def send(self, outbound: Outbound) -> Sent:
        self.replies[outbound.place.thread].put_nowait(outbound)
        return Sent()


class Served:
    """The app and its two channels."""

    def __init__(self, path: Path) -> None:
        file = ConfigFile(path)
        loaded = settings.load(file)
        logs.configure(loaded.logs)
        self.terminal = Terminal()
        self.app = App(loaded, load_content(loaded), {**built(loaded, file), "terminal": self.terminal}, None)
        url = loaded.understanding.url or ""
        self.timed = Timed(lambda: url)
        self.timed.seconds = []
        self.app.mind._client = self.timed
        self.server = web.Server(self.app.site(), web.listen(loaded.web.host, loaded.web.port))

    async def run(self) -> None:
        """Until the end of input."""
        stop = asyncio.Event()
        running = asyncio.create_task(self.app.run(stop, self.server))
        while line := await asyncio.to_thread(sys.stdin.readline):
            answer = await self._round(**json.loads(line))
            sys.stdout.write(json.dumps(asdict(answer)) + "\n")
            sys.stdout.flush()
        stop.set()
        await running

    async def _round(self, clients: int = 0, conversations: Any = ()) -> Round:
        found = await lead(self._talk, conversations, clients) if clients else Round()
        found.parses, self.timed.seconds = self.timed.seconds, []
        return found

    @asynccontextmanager
    async def _talk(self) -> AsyncIterator[Ask]:
        place = Place(account="terminal", handle="bench", thread=uuid4().hex)
        replies = self.terminal.replies[place.thread] = asyncio.Queue()

        async def ask(text: str) -> None:
            await self.app.hosts["terminal"].deliver(Inbound(event_id=uuid4().hex, place=place, text=text))
            reply = await replies.get()
            assert reply.owner == "bot", f"no answer to {text!r}: {reply.text}"

        yield ask


if __name__ == "__main__":
    asyncio.run(Served(Path(sys.argv[1])).run())
