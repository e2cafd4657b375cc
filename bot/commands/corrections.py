"""`frontdesk corrections`: what agents said messages mean, for those who train the model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track
from rich.table import Table
from rich.text import Text

from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, err, out, plainly
from bot.errors import Misconfigured, Refused
from bot.policy import bare
from bot.store import corrections
from bot.store.corrections import Corrected
from bot.store.database import Database
from bot.training.corrected import as_yaml, example_of, examples_of
from bot.training.data import training_data

app = typer.Typer(no_args_is_help=True, help="See what agents corrected, and train with it.")

#: Characters of a message in the list.
LONGEST_SHOWN = 60


@app.command("list")
def list_corrections(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Every correction, oldest first."""
    with plainly():
        found = _all(configured(config).database.url)
    table = Table("when", "agent", "understood", "meant", "message", box=None)
    for one in found:
        shown = Text(example_of(one.text)[:LONGEST_SHOWN])
        table.add_row(f"{one.at:%Y-%m-%d %H:%M}", Text(one.agent), one.intent_before or "", one.intent, shown)
    out.print(table if found else "No corrections.")


@app.command()
def export(
    to: Annotated[Path, typer.Option(help="A file that does not exist yet, like intents/data/corrected.yml.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Writes examples that the training data does not have yet, without secrets, to be read before they are trained."""
    target = to.absolute()
    with plainly():
        settings = configured(config)
        found = _all(settings.database.url)
        there, problems = training_data(settings.folders.intents)
        if problems:
            raise Misconfigured(problems)
        known = {bare(example.text) for example in there}
        fresh = examples_of(track(found, "Reading corrections", console=err, transient=True), known)
        count = sum(map(len, fresh.values()))
        if count:
            _write(target, as_yaml(fresh))
    err.print(f"{len(found)} corrections, {count} new examples of {len(fresh)} intents.", markup=False)
    if count:
        out.print(str(target), markup=False, soft_wrap=True)


def _all(url: str) -> Sequence[Corrected]:
    database = Database(url)
    try:
        database.migrate()
        return database.transact(corrections.all_corrections)
    finally:
        database.close()


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise Refused(f"{path} is there already: move it, or name another file") from error
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error
