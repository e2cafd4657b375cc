"""Builds each part once, and runs them together until told to stop."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import structlog
from fastapi import FastAPI

from bot import answers, api, policy, web
from bot.conversation import Content, Conversations
from bot.delivery import Delivery
from bot.errors import StorageDown, UnderstandingDown
from bot.files import Files
from bot.health import Health
from bot.host import ChannelHost
from bot.language import Languages
from bot.metrics import PARSE_SECONDS
from bot.rasa import RasaServer
from bot.settings import Settings
from bot.store.database import Database
from bot.tickets import Tickets
from bot.understanding import Understanding
from bot.understood import Understood
from bot.worker import Worker
from channels.base import Channel, Place, Signal

log = structlog.get_logger()

#: Seconds a stop waits for each of its stages: who listens, then turns and sends.
GRACE = 2.5

#: Seconds before a channel that fell over listens again.
PAUSE = 5.0


def load_content(settings: Settings) -> Content:
    """What the company has approved. Raises `Misconfigured`."""
    folder = settings.folders.responses
    return Content(
        answers.load(folder, settings.brand.name, settings.languages),
        policy.load(folder),
        Languages(settings.languages),
    )


class Mind:
    """Rasa, ours or another's. A message that comes while ours is starting waits for it, `patience` seconds at most."""

    def __init__(self, settings: Settings, server: RasaServer | None) -> None:
        section = settings.understanding
        self.server = server
        self._patience = section.patience_seconds
        token = section.token.get_secret_value() if section.token else ""
        if server:
            self._client = Understanding(lambda: server.url, server.token, section.timeout_seconds)
        else:
            url = section.url or ""
            self._client = Understanding(lambda: url, token, section.timeout_seconds)

    async def understand(self, text: str) -> Understood:
        """Raises `UnderstandingDown`."""
        if self.server:
            await self.server.wait_ready(self._patience)
        with PARSE_SECONDS.time():
            return await self._client.parse(text)

    async def fault(self) -> str | None:
        """Why Rasa would not answer now; None where it would."""
        try:
            if self.server:
                await self.server.wait_ready(0)
            await self._client.check()
        except UnderstandingDown as error:
            return str(error)
        return None

    async def close(self) -> None:
        """Lets go of the connections."""
        await self._client.close()


class App:
    """Frontdesk with `channels`, by name. `rasa` is our own server; None where settings name another."""

    def __init__(
        self, settings: Settings, content: Content, channels: Mapping[str, Channel], rasa: RasaServer | None
    ) -> None:
        self.settings = settings
        self.channels = channels
        self.database = Database(settings.database.url)
        self.database.migrate()
        self.mind = Mind(settings, rasa)
        types = {name: str(settings.channels.get(name, {}).get("type", name)) for name in channels}
        conversations = Conversations(self.database, content, self.mind.understand, settings, types)
        files = Files(settings.folders.var / "files")
        self.delivery = Delivery(self.database, channels, files, settings.delivery)
        self.worker = Worker(self.database, conversations, channels.keys(), self._show, self.delivery.nudge)
        self.tickets = Tickets(self.database, content.answers, settings.delivery.timeout_seconds)
        key = _key(settings.folders.var / "secret.key")
        self.hosts = {
            name: ChannelHost(channel, self.database, conversations, files, self.worker.expect, settings, key)
            for name, channel in channels.items()
        }

    def site(self) -> FastAPI:
        """The HTTP side."""
        routes = {name: list(channel.routes(self.hosts[name])) for name, channel in self.channels.items()}
        chats = [name for name in routes if routes[name] and self._type(name) == "webchat"]
        app = web.build(
            Health(self.database, self.mind.fault), routes, self.settings.brand.name, next(iter(chats), None)
        )
        api.install(app, self.tickets, self.database)
        return app

    async def run(self, stop: asyncio.Event, server: web.Server | None = None) -> None:
        """Until `stop` is set, or a part falls over that nothing works without; its error is raised then.

        What is under way is finished within `GRACE` seconds a stage; what is not is found at the next start.
        """
        async with AsyncExitStack() as stack:
            stack.callback(self.database.close)
            stack.push_async_callback(self.mind.close)
            parts = [asyncio.create_task(_until(stop))]
            if self.mind.server:
                stack.push_async_callback(self.mind.server.stop)
                parts.append(asyncio.create_task(self.mind.server.run()))
            inner = [asyncio.create_task(self.delivery.run()), asyncio.create_task(self.worker.run())]
            stack.push_async_callback(_cancelled, inner)
            outer = [asyncio.create_task(self._listen(name, channel)) for name, channel in self.channels.items()]
            outer += [asyncio.create_task(server.run_until_cancelled())] if server else []
            stack.push_async_callback(_cancelled, outer)
            ended, _ = await asyncio.wait([*parts, *inner, *outer], return_when=asyncio.FIRST_COMPLETED)
            log.info("stopping")
            for task in ended:
                task.result()

    async def _listen(self, name: str, channel: Channel) -> None:
        while True:
            try:
                return await channel.run(self.hosts[name])
            except Exception:
                # The edge of every channel: one that falls over must not take the others along.
                log.exception("channel_fault", channel=name, again_in_seconds=PAUSE)
                await asyncio.sleep(PAUSE)

    async def _show(self, channel: str, place: Place, signal: Signal) -> None:
        await self.channels[channel].signal(place, signal)

    def _type(self, name: str) -> str:
        return str(self.settings.channels.get(name, {}).get("type", name))


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=GRACE)


def _key(path: Path) -> bytes:
    """Frontdesk's own secret, made at the first start. Raises `StorageDown` where it can be neither read nor made."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_bytes(secrets.token_bytes(32))
            draft.rename(path)
        return path.read_bytes()
    except OSError as error:
        raise StorageDown(f"the key file {path} cannot be used: {error.strerror}") from error
