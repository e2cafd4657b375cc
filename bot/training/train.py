"""From training data to a model, in a process of Rasa's own."""

from __future__ import annotations

import re
import tempfile
import time
from asyncio import StreamReader
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

import structlog
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from bot.errors import Misconfigured, TrainingFailed
from bot.rasa import RasaProject, end
from bot.training.data import data_problems
from bot.training.live import Live
from bot.training.models import components, fingerprint, model_path, set_aside, usable

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Lines of Rasa's output that stand in the error.
LAST_LINES = 12

_STEP = re.compile(r"(?P<verb>Starting to train|Finished training|Restored) component '(?P<component>\w+)'")


@dataclass(frozen=True, slots=True)
class Trained:
    """A new model, the seconds it took and its bytes on disk."""

    model: Path
    seconds: float
    size: int


async def model_for(project: RasaProject, models: Path, console: Console) -> Path:
    """The model of the present data, trained where there is none that can be loaded."""
    model = model_path(models, fingerprint(project.folder))
    if model.exists() and not usable(model):
        log.warning("model.corrupt", kept_as=str(set_aside(model)))
    if not model.exists():
        await train(project, models, console)
    return model


async def model_to_serve(project: RasaProject, models: Path, console: Console) -> Path:
    """The model chosen for the present data; else the data's own, trained where there is none, and live from now on."""
    live, data = Live(models), fingerprint(project.folder)
    chosen = live.for_data(data)
    if chosen and usable(chosen):
        return chosen
    model = await model_for(project, models, console)
    live.choose(data, data)
    return model


async def train(project: RasaProject, models: Path, console: Console) -> Trained:
    """Trains the present data, with a bar on `console`. A model stands in `models` only once it is whole.

    Rasa's output is kept in `training.log` beside `models`. Raises `TrainingFailed` with its last lines, or before it
    starts `Misconfigured` with what is wrong with the data.
    """
    wrong = data_problems(project.folder)
    if wrong:
        raise Misconfigured(wrong)
    began = time.monotonic()
    try:
        models.mkdir(parents=True, exist_ok=True)
        model = await _whole_model(project, models, console)
    except OSError as error:
        raise TrainingFailed(f"the model cannot be written below {models}: {error.strerror or error}") from error
    trained = Trained(model, time.monotonic() - began, model.stat().st_size)
    console.print(f"Trained in {trained.seconds:.0f} s, {decimal(trained.size)}: {trained.model}", soft_wrap=True)
    return trained


async def _whole_model(project: RasaProject, models: Path, console: Console) -> Path:
    name = fingerprint(project.folder)
    log_file = models.parent / "training.log"
    with tempfile.TemporaryDirectory(dir=models, prefix=".training-") as folder:
        draft = model_path(Path(folder).absolute(), name)
        last = await _rasa_train(project, draft, log_file, console)
        if not usable(draft):
            raise TrainingFailed("\n".join(["Rasa made no model; its last lines:", *last, f"All of them: {log_file}"]))
        return draft.replace(model_path(models, name))


async def _rasa_train(project: RasaProject, draft: Path, log_file: Path, console: Console) -> deque[str]:
    """Runs Rasa until it ends; returns the last lines it wrote."""
    name = draft.name.removesuffix(".tar.gz")
    process = await project.start(
        *("train", "nlu", "--fixed-model-name", name, "--out", str(draft.parent)),
        output=PIPE,
        RASA_CACHE_DIRECTORY=str((log_file.parent / "training-cache").absolute()),
    )
    last: deque[str] = deque(maxlen=LAST_LINES)
    try:
        with log_file.open("w", encoding="utf-8") as kept, Steps(components(project.folder), console) as steps:
            async for line in _lines(process):
                kept.write(line + "\n")
                last.append(line)
                steps.read(line)
            await process.wait()
    finally:
        await end(process)
    return last


async def _lines(process: Process) -> AsyncIterator[str]:
    """What the process writes, a line at a time, without its colours."""
    async for line in cast("StreamReader", process.stdout):
        yield Text.from_ansi(line.decode("utf-8", "replace")).plain.rstrip()


class Steps:
    """A bar with one step for each component of the pipeline, moved by the lines Rasa logs.

    Components that learn nothing are never named in its log; they count as done with the last.
    """

    def __init__(self, total: int, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=console)
        self._task = self._bar.add_task("Starting Rasa", total=total)

    def read(self, line: str) -> None:
        """Moves the bar if `line` says that a component began or ended."""
        step = _STEP.search(line)
        if step is None:
            return
        done = step["verb"] != "Starting to train"
        self._bar.update(self._task, description=f"Training {step['component']}", advance=int(done), refresh=True)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._bar.update(self._task, description="Training", completed=self._bar.tasks[0].total)
        self._bar.stop()
