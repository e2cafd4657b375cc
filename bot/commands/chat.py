"""`frontdesk chat`: the whole pipeline at a terminal."""

from __future__ import annotations

import asyncio
import getpass
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable
from typing import Annotated

import typer
from pydantic import SecretStr

from bot import instance, logs
from bot.app import App, load_content
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, err, out, plainly
from bot.commands.up import supervised
from bot.rasa import LONGEST_START
from bot.settings import Logs, Settings
from bot.store import reading
from bot.terminal import Json, Pretty, Screen
from bot.training.models import fingerprint, model_path
from bot.understanding import Understanding
from channels.base import HostError, Inbound, Place
from channels.memory import Memory

#: Seconds between two looks whether a message is worked off.
LOOK = 0.01

#: The channel's name and type.
TERMINAL = "memory"


def chat(
    as_json: Annotated[bool, typer.Option("--json", help="One message a line in, one JSON object a line out.")] = False,  # noqa: FBT002 - a flag
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Talks to the bot: every message goes the way it would on any channel."""
    with plainly():
        asyncio.run(_chat(configured(config), Json() if as_json else Pretty(out)))


async def _chat(settings: Settings, screen: Screen) -> None:
    logs.configure(Logs(format=settings.logs.format, level="error"))
    settings = await _with_running_rasa(_at_once(settings))
    rasa = await supervised(settings)
    channel = Memory(TERMINAL, limits=screen.limits)
    app = App(settings, load_content(settings), {TERMINAL: channel}, rasa)
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    try:
        if rasa:
            await _started(rasa.wait_ready(LONGEST_START))
        await _talk(app, channel, screen)
    finally:
        stop.set()
        await running


def _at_once(settings: Settings) -> Settings:
    """A line is a whole message: nobody waits for a second one."""
    pace = settings.conversation.model_copy(update={"quiet_seconds": 0.0})
    return settings.model_copy(update={"conversation": pace})


async def _with_running_rasa(settings: Settings) -> Settings:
    """The settings with the address of a `frontdesk up` beside us, if its Rasa serves the model of the present data."""
    if settings.understanding.url:
        return settings
    wanted = model_path(settings.folders.var / "models", fingerprint(settings.folders.intents))
    running = instance.found(settings.folders.var, wanted)
    if running is None:
        return settings
    client = Understanding(lambda: running.url, running.token)
    try:
        if not await client.ready():
            return settings
    finally:
        await client.close()
    section = settings.understanding.model_copy(update={"url": running.url, "token": SecretStr(running.token)})
    return settings.model_copy(update={"understanding": section})


async def _started(ready: Awaitable[None]) -> None:
    with err.status("Rasa is starting"):
        await ready


async def _talk(app: App, channel: Memory, screen: Screen) -> None:
    place = Place(account="terminal", handle=getpass.getuser(), thread=uuid.uuid4().hex)
    screen.begin()
    async for line in _lines(screen):
        shown = len(channel.sent)
        try:
            await _say(app, place, line)
        except HostError as error:
            screen.refuse(error)
        for outbound in channel.sent[shown:]:
            screen.show(outbound)


async def _lines(screen: Screen) -> AsyncIterator[str]:
    """Lines of standard input, whatever bytes they are, until its end; blank ones are passed over."""
    while True:
        screen.prompt()
        raw = await asyncio.to_thread(sys.stdin.buffer.readline)
        if not raw:
            return
        line = raw.decode("utf-8", "replace").strip()
        if line:
            yield line


async def _say(app: App, place: Place, text: str) -> None:
    """Delivers a message and returns once its replies are sent."""
    inbound = Inbound(event_id=uuid.uuid4().hex, place=place, text=text, name=place.handle)
    received = await app.hosts[TERMINAL].deliver(inbound)
    while not await app.database.run(reading.settled, received.message_id):  # noqa: ASYNC110 - the database tells nobody
        await asyncio.sleep(LOOK)
