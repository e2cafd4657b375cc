"""Which model is live, what was live before, and how a running Frontdesk learns of it."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import Refused, UnderstandingDown
from bot.rasa import RasaServer
from bot.training.models import model_path

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Seconds between two looks whether another model was chosen.
LOOK = 1.0
#: Choices that are remembered.
MOST = 100


class Choice(BaseModel):
    """A model by name, made live at a moment, while the training data had this fingerprint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    data: str
    at: datetime


class _History(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    choices: tuple[Choice, ...] = ()


class Live:
    """The models below `models`, and which of them was chosen when. Every process that asks reads it anew."""

    def __init__(self, models: Path) -> None:
        self._models = models
        self._file = models / "live.json"

    def history(self) -> tuple[Choice, ...]:
        """Choices, oldest first; none where nobody chose yet. Raises `Refused` where the file is damaged."""
        try:
            return _History.model_validate_json(self._file.read_bytes()).choices
        except FileNotFoundError:
            return ()
        except ValidationError as error:
            raise Refused(
                f"{self._file} is damaged; remove it to begin anew with the model of the present data"
            ) from error

    def chosen(self) -> Choice | None:
        """The last choice whose model is still there."""
        there = [choice for choice in self.history() if self.path(choice.model).exists()]
        return there[-1] if there else None

    def path(self, name: str) -> Path:
        """The archive of a model."""
        return model_path(self._models, name)

    def for_data(self, data: str) -> Path | None:
        """What was chosen since the training data is `data`; None where nothing was."""
        choice = self.chosen()
        return self.path(choice.model) if choice and choice.data == data else None

    def wanted(self, data: str) -> Path:
        """The model to serve while the training data is `data`, there or not: what was chosen, else the data's own."""
        return self.for_data(data) or self.path(data)

    def before(self) -> Choice:
        """The model that was live before the present one. Raises `Refused` where there is none."""
        present = self.chosen()
        earlier = [
            choice
            for choice in self.history()
            if present and choice.model != present.model and self.path(choice.model).exists()
        ]
        if not earlier:
            raise Refused("no other model was live before this one; `frontdesk model list` shows what there is")
        return earlier[-1]

    def choose(self, name: str, data: str) -> None:
        """Makes a model live from now on, also in a Frontdesk that runs."""
        kept = [*self.history(), Choice(model=name, data=data, at=datetime.now(UTC))][-MOST:]
        draft = self._file.with_suffix(f".{os.getpid()}")
        draft.write_text(_History(choices=tuple(kept)).model_dump_json(indent=1), encoding="utf-8")
        draft.replace(self._file)

    def named(self, beginning: str) -> str:
        """The whole name of the model that begins so. Raises `Refused` where none does, or more than one."""
        found = [name for name in self.names() if name.startswith(beginning)]
        if len(found) != 1:
            raise Refused(f"{len(found)} models begin with {beginning!r}; `frontdesk model list` shows their names")
        return found[0]

    def names(self) -> list[str]:
        """Every model there is, oldest first."""
        archives = sorted(self._models.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
        return [path.name.removesuffix(".tar.gz") for path in archives]


async def follow(server: RasaServer, live: Live) -> None:
    """Lets `server` take each model that is chosen, without a message waiting. Until cancelled.

    A model Rasa cannot answer from is un-chosen: the one that answers is chosen again.
    """
    while True:
        await asyncio.sleep(LOOK)
        try:
            choice = live.chosen()
        except Refused as error:
            log.error("model.history_damaged", reason=str(error))
            continue
        if choice and live.path(choice.model).absolute() != server.model:
            await _take(server, live, choice)


async def _take(server: RasaServer, live: Live, choice: Choice) -> None:
    model = live.path(choice.model)
    before = server.model.name.removesuffix(".tar.gz")
    try:
        await server.swap(model)
    except UnderstandingDown as error:
        log.error("model.refused", model=choice.model, reason=str(error))
        live.choose(before, choice.data)
    else:
        log.info("model.live", model=choice.model, before=before)
