"""`frontdesk train`: a model of the present data, live if it is no worse than the one before."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot import logs
from bot.commands.evaluate import sat
from bot.commands.model import go_live
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, err, plainly
from bot.errors import Refused
from bot.rasa_project import RasaProject
from bot.settings import Logs, Settings
from bot.training.comparison import worse
from bot.training.exam import read_exam
from bot.training.live import Live
from bot.training.models import fingerprint
from bot.training.tables import show_worse
from bot.training.train import train as trained

ForceOption = Annotated[bool, typer.Option("--force", help="Makes the model live even if it is worse.")]


def train(config: ConfigOption = DEFAULT_CONFIG, *, force: ForceOption = False) -> None:
    """Trains Rasa on the examples in `intents/`, compares with the live model on the exam, and makes the new one live.

    A running Frontdesk takes it without losing a message. A model that is worse is kept, but not made live.
    """
    with plainly():
        settings = configured(config)
        logs.configure(Logs(format=settings.logs.format, level="error"))
        models = settings.folders.var / "models"
        model = asyncio.run(trained(RasaProject(settings.folders.intents), models, err)).model
        if settings.understanding.url:
            return
        name = model.name.removesuffix(".tar.gz")
        present = Live(models).chosen()
        if present and present.model != name and not asyncio.run(_passes(settings, model, present.model)) and not force:
            # The data is new, and what answers stays: also over a restart.
            Live(models).choose(present.model, fingerprint(settings.folders.intents))
            raise Refused(
                f"{name[:12]} is worse than the live {present.model[:12]}, which stays; --force overrides this"
            )
        go_live(settings, name)


async def _passes(settings: Settings, model: Path, live: str) -> bool:
    """Whether `model` may replace the live one; what is worse is shown either way. Without an exam any may."""
    exam = settings.folders.intents / "tests"
    if not exam.exists():
        return True
    questions = read_exam(exam)
    new = await sat(settings, model, questions)
    before = await sat(settings, Live(settings.folders.var / "models").path(live), questions)
    found = worse(new, before)
    show_worse(found, err)
    return not any(one.refuses for one in found)
