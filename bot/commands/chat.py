"""`frontdesk chat`: the whole pipeline at a terminal."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.markdown import Markdown
from rich.text import Text

from bot import instance, logs
from bot.app import App, load_content
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, err, out, plainly
from bot.commands.up import supervised
from bot.rasa import LONGEST_START
from bot.settings import Logs, Settings
from bot.store import reading
from bot.training.models import fingerprint, model_path
from bot.understanding import Understanding
from channels.base import HostError, Inbound, Limits, Markup, Outbound, Place
from channels.memory import Memory

#: Seconds between two looks whether a message is worked off.
LOOK = 0.01

#: The channel's name and type.
TERMINAL = "memory"


def chat(
    as_json: Annotated[bool, typer.Option("--json", help="One message a line in, one JSON object a line out.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Talks to the bot: every message goes the way it would on any channel."""
    with plainly():
        asyncio.run(_chat(configured(config), as_json))


async def _chat(settings: Settings, as_json: bool) -> None:
    logs.configure(Logs(format=settings.logs.format, level="error"))
    settings = await _with_running_rasa(_at_once(settings))
    rasa = await supervised(settings)
    channel = Memory(TERMINAL, limits=Limits(choices=10, markup=Markup.PLAIN if as_json else Markup.MARKDOWN))
    app = App(settings, load_content(settings), {TERMINAL: channel}, rasa)
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    try:
        if rasa:
            await _started(rasa.wait_ready(LONGEST_START))
        await _talk(app, channel, as_json)
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


async def _talk(app: App, channel: Memory, as_json: bool) -> None:
    place = Place(account="terminal", handle=getpass.getuser(), thread=uuid.uuid4().hex)
    if not as_json:
        out.print(Text("Write a message; a number presses a button; Ctrl-D ends.", style="dim"))
    async for line in _lines(as_json):
        shown = len(channel.sent)
        try:
            await _say(app, place, line)
        except HostError as error:
            _refused(error, as_json)
            continue
        for outbound in channel.sent[shown:]:
            _write(outbound, as_json)


async def _lines(as_json: bool) -> AsyncIterator[str]:
    """Lines of standard input, whatever bytes they are, until its end; blank ones are passed over."""
    while True:
        if not as_json:
            out.print(Text("> ", style="bold green"), end="")
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
    while not await app.database.run(reading.settled, received.message_id):
        await asyncio.sleep(LOOK)


def _write(outbound: Outbound, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_record(outbound), ensure_ascii=False), flush=True)
        return
    out.print(Markdown(outbound.text))
    for number, choice in enumerate(outbound.choices, 1):
        out.print(Text(f"  {number} ", style="cyan").append(choice.title, style="default"))
    facts = [outbound.owner.value, outbound.ticket or "", outbound.intent or ""]
    sure = f"{outbound.confidence:.0%}" if outbound.confidence is not None else ""
    out.print(Text(" ".join(filter(None, [*facts, sure])), style="dim", justify="right"))


def _record(outbound: Outbound) -> dict[str, object]:
    return {
        "text": outbound.text,
        "language": outbound.language,
        "choices": [{"title": choice.title, "payload": choice.payload} for choice in outbound.choices],
        "intent": outbound.intent,
        "confidence": outbound.confidence,
        "owner": outbound.owner.value,
        "ticket": outbound.ticket,
    }


def _refused(error: HostError, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": getattr(error, "code", "not_stored"), "detail": str(error)}), flush=True)
    else:
        err.print(Text(str(error), style="red"))
