"""`frontdesk chat`: the whole pipeline at a terminal."""

from __future__ import annotations

import asyncio
import getpass
import uuid
from typing import Annotated

import typer
from pydantic import SecretStr

from bot import instance, logs
from bot.app import App, load_content
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, err, out, plainly
from bot.commands.up import supervised
from bot.rasa import LONGEST_START, RasaServer
from bot.settings import Logs, Settings
from bot.store import reading
from bot.terminal import Json, Pretty, Screen, lines
from bot.training.live import Live
from bot.training.models import fingerprint
from channels.errors import HostError
from channels.memory import Memory
from channels.words import Inbound, Place

#: Seconds between two looks whether a message is worked off.
LOOK = 0.01


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
    # A name of its own: whoever works on a channel takes all of its messages, and other terminals have theirs.
    channel = Memory(f"terminal-{uuid.uuid4().hex[:8]}", limits=screen.limits)
    app = App(settings, load_content(settings), {channel.name: channel}, rasa)
    talk = Talk(app, channel, screen)
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    talking = [asyncio.create_task(_begin(talk, rasa)), asyncio.create_task(talk.show())]
    try:
        await asyncio.wait([running, *talking], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in talking:
            task.cancel()
        stop.set()
        await asyncio.wait([running, *talking])
    for task in (running, *talking):
        if not task.cancelled():
            task.result()


async def _begin(talk: Talk, rasa: RasaServer | None) -> None:
    if rasa:
        with err.status("Rasa is starting"):
            await rasa.wait_ready(LONGEST_START)
    await talk.run()


def _at_once(settings: Settings) -> Settings:
    """A line is a whole message: nobody waits for a second one."""
    pace = settings.conversation.model_copy(update={"quiet_seconds": 0.0})
    return settings.model_copy(update={"conversation": pace})


async def _with_running_rasa(settings: Settings) -> Settings:
    """The settings with the address of a `frontdesk up` beside us, if its Rasa serves the model we would."""
    if settings.understanding.url:
        return settings
    wanted = Live(settings.folders.var / "models").wanted(fingerprint(settings.folders.intents))
    running = await instance.answering(settings.folders.var, wanted)
    if running is None:
        return settings
    section = settings.understanding.model_copy(update={"url": running.url, "token": SecretStr(running.token)})
    return settings.model_copy(update={"understanding": section})


class Talk:
    """A conversation of its own at this terminal."""

    def __init__(self, app: App, channel: Memory, screen: Screen) -> None:
        self._app = app
        self._channel = channel
        self._screen = screen
        self._place = Place(account="terminal", handle=getpass.getuser(), thread=uuid.uuid4().hex)
        self._shown = 0
        self._asking = False

    async def run(self) -> None:
        """Until standard input ends, which is when the last message has its replies."""
        self._screen.begin()
        self._ask()
        async for line in lines():
            self._asking = False
            try:
                await self._say(line)
            except HostError as error:
                self._screen.refuse(error)
            self._catch_up()
            self._ask()

    async def show(self) -> None:
        """Shows what is sent when it is sent: an agent writes when an agent writes. Until cancelled."""
        while True:
            await self._channel.until(self._shown + 1)
            if self._asking:
                self._screen.interrupt()
            self._catch_up()
            if self._asking:
                self._screen.prompt()

    def _ask(self) -> None:
        self._asking = True
        self._screen.prompt()

    def _catch_up(self) -> None:
        for outbound in self._channel.sent[self._shown :]:
            self._shown += 1
            self._screen.show(outbound)

    async def _say(self, text: str) -> None:
        """Delivers a message and returns once its replies are sent."""
        inbound = Inbound(event_id=uuid.uuid4().hex, place=self._place, text=text, name=self._place.handle)
        received = await self._app.hosts[self._channel.name].deliver(inbound)
        while not await self._app.database.run(reading.settled, received.message_id):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(LOOK)
