"""A Rasa project with the example's pipeline and other people's questions: trained, served, asked."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from asyncio.subprocess import DEVNULL
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from ruamel.yaml import YAML

from bot.errors import UnderstandingDown
from bot.rasa import RasaServer
from bot.rasa_project import RasaProject, end
from tests.acceptance.house import ROOT
from tests.bench.understanding.draws import Example

#: Seconds until a server must answer, and for one question.
START, PARSE = 120, 30
#: What every `rasa train` imports, in the order serve.py does it, before it looks at any data.
IMPORTS = (
    "import sys, skops.io; sys.modules['jax'] = None;"
    "import rasa.__main__, rasa.model_training, rasa.engine.recipes.default_components"
)

#: What /model/parse answers to a text.
Ask = Callable[[str], Awaitable[dict[str, Any]]]

yaml = YAML(typ="safe", pure=True)
yaml.default_flow_style = False
yaml.width = 100_000


def write(folder: Path, examples: Sequence[Example], **settings: object) -> RasaProject:
    """The project, with `settings` of LinearIntents changed."""
    (folder / "data").mkdir(parents=True)
    for name in ("serve.py", "credentials.yml"):
        shutil.copy(ROOT / "intents" / name, folder)
    shutil.copytree(ROOT / "intents" / "components", folder / "components")
    config = yaml.load(ROOT / "intents" / "config.yml")
    (classifier,) = (step for step in config["pipeline"] if step["name"].endswith(".LinearIntents"))
    classifier |= settings
    yaml.dump(config, folder / "config.yml")
    _write_data(folder, examples)
    return RasaProject(folder, ROOT / "intents" / ".venv" / "bin" / "python")


async def trained(project: RasaProject) -> float:
    """Seconds of `rasa train nlu`, from its start to its end, with nothing kept from an earlier one."""
    began = time.monotonic()
    with (project.folder / "training.log").open("wb") as log:
        process = await project.start("train", "nlu", "--fixed-model-name", "measured", output=log)
        try:
            await process.wait()
        finally:
            await end(process)
    seconds = time.monotonic() - began
    if not _model(project).exists():
        raise RuntimeError((project.folder / "training.log").read_text(encoding="utf-8")[-2_000:])
    return seconds


async def started(project: RasaProject) -> float:
    """Seconds until Rasa has imported what training needs."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(project.python, "-c", IMPORTS),
        cwd=project.folder,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    if await process.wait():
        raise RuntimeError("Rasa cannot be imported")
    return time.monotonic() - began


@asynccontextmanager
async def served(project: RasaProject) -> AsyncIterator[Ask]:
    """Its model behind a server of its own."""
    server = RasaServer(project, _model(project), project.folder / "rasa.log")
    task = asyncio.create_task(server.run())
    timeout = aiohttp.ClientTimeout(total=PARSE)
    try:
        await _ready(server, project.folder / "rasa.log")
        async with aiohttp.ClientSession(timeout=timeout) as session:

            async def ask(text: str) -> dict[str, Any]:
                address, query = f"{server.url}/model/parse", {"token": server.token}
                async with session.post(address, params=query, json={"text": text}) as response:
                    response.raise_for_status()
                    found: dict[str, Any] = await response.json()
                    return found

            yield ask
    finally:
        await server.stop()
        await asyncio.wait([task])


async def _ready(server: RasaServer, log: Path) -> None:
    try:
        await server.wait_ready(START)
    except UnderstandingDown as error:
        # The log is gone with the folder.
        raise RuntimeError(log.read_text(encoding="utf-8")[-2_000:]) from error


def _write_data(folder: Path, examples: Sequence[Example]) -> None:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for example in examples:
        groups[example.intent].append(f"- {example.text}\n")
    parts = [{"intent": intent, "examples": "".join(texts)} for intent, texts in sorted(groups.items())]
    yaml.dump({"version": "3.1", "nlu": parts}, folder / "data" / "nlu.yml")
    yaml.dump({"version": "3.1", "intents": sorted(groups)}, folder / "domain.yml")


def _model(project: RasaProject) -> Path:
    return project.folder / "models" / "measured.tar.gz"
