"""A model in a Rasa of its own, for as long as it sits an exam."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot import instance
from bot.errors import Refused
from bot.rasa import LONGEST_START, RasaServer
from bot.rasa_project import RasaProject
from bot.training.evaluation import Parse
from bot.training.models import usable
from bot.understanding import Understanding

#: Seconds for one answer. Nobody waits for it, and a machine that also trains or serves is slow.
TIMEOUT = 60


@asynccontextmanager
async def sitting(project: RasaProject, model: Path, var: Path) -> AsyncIterator[Parse]:
    """What asks `model`: the Rasa of a running Frontdesk where that serves it, else one started for this.

    Its log is `rasa-evaluation.log` in `var`. Raises `Refused` where `model` is none, `UnderstandingDown` where Rasa
    does not start.
    """
    if not usable(model):
        raise Refused(f"{model} is not a whole model of Rasa's")
    running = await instance.answering(var, model)
    if running:
        async with _client(Understanding(lambda: running.url, running.token, TIMEOUT)) as parse:
            yield parse
        return
    server = RasaServer(project, model, var / "rasa-evaluation.log")
    async with _served(server), _client(Understanding(lambda: server.url, server.token, TIMEOUT)) as parse:
        yield parse


@asynccontextmanager
async def _served(server: RasaServer) -> AsyncIterator[None]:
    running, ready = asyncio.create_task(server.run()), asyncio.create_task(server.wait_ready(LONGEST_START))
    try:
        # It runs until it is stopped, unless there is no Rasa to run.
        done, _ = await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        yield
    finally:
        ready.cancel()
        await server.stop()
        await asyncio.wait([running, ready])


@asynccontextmanager
async def _client(understanding: Understanding) -> AsyncIterator[Parse]:
    try:
        yield understanding.parse
    finally:
        await understanding.close()
