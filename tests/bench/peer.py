"""Rasa's own chat: the example's intents with one rule each, its answers, the REST channel, a tracker in memory."""

from __future__ import annotations

import asyncio
import shutil
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot import domain
from bot.answers import OWN
from bot.config_file import ConfigFile
from bot.rasa_project import RasaProject, end
from bot.understanding import Understanding
from tests.acceptance.house import ROOT, free_port

BRAND = "Example Exchange"
#: Seconds for a training or a start.
PATIENCE = 300

yaml = YAML(typ="safe", pure=True)
yaml.default_flow_style = False
yaml.width = 10_000


def write(folder: Path) -> RasaProject:
    """The example as a whole chat bot of Rasa's kind, in English."""
    ours = shutil.ignore_patterns(".venv", ".rasa", "models", "results", "tests", "__pycache__")
    shutil.copytree(ROOT / "intents", folder, ignore=ours)
    answers = _answers()
    _changed(folder / "domain.yml", responses=answers)
    intents = [name for name in domain.intents(ConfigFile(folder / domain.FILE)) if f"utter_{name}" in answers]
    _changed(folder / "config.yml", policies=[{"name": "RulePolicy"}])
    _dump(folder / "credentials.yml", {"rest": None})
    rules = [{"rule": name, "steps": [{"intent": name}, {"action": f"utter_{name}"}]} for name in intents]
    _dump(folder / "data" / "rules.yml", {"version": "3.1", "rules": rules})
    return RasaProject(folder, ROOT / "intents" / ".venv" / "bin" / "python")


async def trained(project: RasaProject) -> Path:
    """Its model. What `frontdesk train` has learned of the same data is taken from its cache."""
    log = project.folder / "training.log"
    with log.open("wb") as output:
        process = await project.start(
            *("train", "--fixed-model-name", "bench", "--out", str(project.folder)),
            output=output,
            RASA_CACHE_DIRECTORY=str(ROOT / "var" / "training-cache"),
        )
        await _ended(process)
    if process.returncode:
        raise RuntimeError(log.read_text(encoding="utf-8")[-2_000:])
    return project.folder / "bench.tar.gz"


@asynccontextmanager
async def served(project: RasaProject, model: Path) -> AsyncIterator[str]:
    """The address of a server with both the chat and `/model/parse`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (project.folder / "rasa.log").open("wb") as output:
        process = await project.start(
            *("run", "--enable-api", "-i", "127.0.0.1", "-p", str(port), "--model", str(model)),
            *("--credentials", "credentials.yml"),
            output=output,
        )
    try:
        await _answering(url)
        yield url
    finally:
        await end(process)


async def _answering(url: str) -> None:
    understanding = Understanding(lambda: url)
    try:
        async with asyncio.timeout(PATIENCE):
            while not await understanding.ready():  # noqa: ASYNC110  # Rasa cannot call us
                await asyncio.sleep(0.2)
    finally:
        await understanding.close()


async def _ended(process: Process) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await process.wait()
    finally:
        await end(process)


def _answers() -> dict[str, Any]:
    """All English answers, with the name of the company in them."""
    found: dict[str, Any] = {}
    for path in sorted((ROOT / "responses" / "en").glob("*.yml")):
        text = path.read_text(encoding="utf-8").replace("{brand}", BRAND)
        found |= {key: value for key, value in yaml.load(text)["responses"].items() if not key.startswith(OWN)}
    return found


def _changed(path: Path, **changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(path) | changes
    _dump(path, content)
    return content


def _dump(path: Path, content: Any) -> None:
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
