"""`frontdesk up`: everything, until told to stop."""

from __future__ import annotations

import asyncio
import signal
from contextlib import ExitStack
from pathlib import Path

from rich.panel import Panel

from bot import instance, logs, web
from bot.app import App, load_content
from bot.check import built, problems
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, err, plainly
from bot.config_file import ConfigFile
from bot.conversation import now
from bot.errors import Misconfigured, UnderstandingDown
from bot.instance import Running
from bot.public_address import local_address
from bot.rasa import LONGEST_START, RasaServer
from bot.rasa_project import RasaProject
from bot.settings import Settings
from bot.store import invites
from bot.training.train import model_to_serve


def up(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Runs everything: trains where there is no model for the present data, then answers until Ctrl-C or SIGTERM."""
    with plainly(), ExitStack() as stack:
        settings = configured(config)
        wrong = problems(ConfigFile(Path(config.name)))
        if wrong:
            raise Misconfigured(wrong)
        stack.enter_context(instance.only_one(settings.folders.var))
        logs.configure(settings.logs)
        asyncio.run(_up(settings, ConfigFile(Path(config.name))))


async def _up(settings: Settings, file: ConfigFile) -> None:
    stop = _told()
    # The port is tried before the long wait for a model, and taken only when somebody answers on it.
    web.listen(settings.web.host, settings.web.port).close()
    preparing = asyncio.create_task(supervised(settings))
    await _unless(stop, preparing)
    if preparing.cancelled():
        return
    rasa = preparing.result()
    app = App(settings, load_content(settings), built(settings, file), rasa)
    listener = web.listen(settings.web.host, settings.web.port)
    server = web.Server(app.site(), listener)
    _greet(*listener.getsockname()[:2], own_rasa=rasa is not None)
    await _invite_first_admin(app, *listener.getsockname()[:2])
    telling = asyncio.create_task(_tell_when_ready(settings, rasa)) if rasa else None
    try:
        await app.run(stop, server)
    finally:
        if telling:
            telling.cancel()
        instance.withdraw(settings.folders.var)


def _told() -> asyncio.Event:
    """Set by Ctrl-C and SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _unless(stop: asyncio.Event, task: asyncio.Task[RasaServer | None]) -> None:
    """Returns once `task` is done; it is cancelled when `stop` is set before that."""
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([stopped, task], return_when=asyncio.FIRST_COMPLETED)
    (task if stop.is_set() else stopped).cancel()
    await asyncio.wait([stopped, task])


async def supervised(settings: Settings) -> RasaServer | None:
    """Our own Rasa with the model for the present data, trained where there is none; None where another is named."""
    if settings.understanding.url:
        return None
    project = RasaProject(settings.folders.intents)
    var = settings.folders.var
    return RasaServer(project, await model_to_serve(project, var / "models", err), var / "rasa.log")


async def _tell_when_ready(settings: Settings, rasa: RasaServer) -> None:
    while True:
        try:
            await rasa.wait_ready(LONGEST_START)
        except UnderstandingDown:
            continue
        instance.announce(settings.folders.var, Running(rasa.url, rasa.token, str(rasa.model)))
        await rasa.wait_gone()


async def _invite_first_admin(app: App, host: str, port: int) -> None:
    """While there is no admin, every start prints a link that makes one."""
    token = await app.database.run(invites.first, now())
    if token is None:
        return
    link = f"{app.settings.web.public_url or local_address(host, port)}/desk/invite/{token}"
    err.print(f"There is no admin yet. Become the first; the link works once, for 24 hours:\n{link}", soft_wrap=True)


def _greet(host: str, port: int, *, own_rasa: bool) -> None:
    address = local_address(host, port)
    lines = [
        f"[bold]{address}/[/]        the page with the chat",
        f"[bold]{address}/desk[/]        the desk, where agents answer",
        f"[bold]{address}/docs[/]    the API for agents",
        "[bold]frontdesk tickets list[/]        what waits for a human",
        *(["Rasa is starting; messages written meanwhile wait for it."] if own_rasa else []),
    ]
    err.print(Panel("\n".join(lines), title="Frontdesk is up", expand=False))
