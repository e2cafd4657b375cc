"""`frontdesk evaluate`: how well a model understands."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bot import logs
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, err, out, plainly
from bot.errors import Refused
from bot.rasa_project import RasaProject
from bot.settings import Logs, Settings
from bot.training import model_for
from bot.training.evaluation import Evaluation
from bot.training.evaluation import evaluate as examine
from bot.training.exam import Question, read_exam
from bot.training.models import named
from bot.training.report import render
from bot.training.sitting import sitting
from bot.training.tables import show

ModelOption = Annotated[
    str | None,
    typer.Option(
        help="An archive, or how its fingerprint begins; else the model of the present data, trained if need be."
    ),
]
TestOption = Annotated[
    Path | None, typer.Option(help="YAML, CSV with text and intent, or a folder of both; else intents/tests.")
]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Every answer and all figures go there.")]
HtmlOption = Annotated[Path | None, typer.Option("--html", help="The report; else var/evaluation.html.")]


def evaluate(
    model: ModelOption = None,
    test: TestOption = None,
    as_json: JsonOption = None,
    html: HtmlOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Asks a model every question of the exam, and tells what it got right, wrong, and refused."""
    # Whoever names a file means it from where they stand; the settings are read from where they lie.
    archive = Path(model).absolute() if model and Path(model).is_file() else None
    test, as_json, html = (path and path.absolute() for path in (test, as_json, html))
    with plainly():
        settings = configured(config)
        exam = read_exam(test or settings.folders.intents / "tests")
        evaluation = asyncio.run(_evaluated(settings, archive, model, exam))
        show(evaluation, out)
        if as_json:
            _write(as_json, evaluation.model_dump_json(indent=1))
        _write(html or settings.folders.var / "evaluation.html", render(evaluation))


async def _evaluated(
    settings: Settings, archive: Path | None, name: str | None, exam: Sequence[Question]
) -> Evaluation:
    logs.configure(Logs(format=settings.logs.format, level="error"))
    if archive is None:
        models = settings.folders.var / "models"
        project = RasaProject(settings.folders.intents)
        archive = named(models, name) if name else await model_for(project, models, err)
    return await sat(settings, archive, exam)


async def sat(settings: Settings, archive: Path, exam: Sequence[Question]) -> Evaluation:
    """What the model in `archive` makes of the exam, asked with a progress bar."""
    name = archive.name.removesuffix(".tar.gz")
    with err.status("Rasa is starting") as starting:
        async with sitting(RasaProject(settings.folders.intents), archive, settings.folders.var) as parse:
            starting.stop()
            with _bar() as bar:
                task = bar.add_task(f"Asking {name[:12]}", total=len(exam))
                found = await examine(parse, exam, lambda done, _: bar.update(task, completed=done))
    return found.model_copy(update={"model": name})


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err)


def _write(path: Path, content: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error
    err.print(f"Written: {path}", markup=False, soft_wrap=True)
