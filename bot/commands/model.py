"""`frontdesk model`: what answers, what could, and the way back."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.filesize import decimal
from rich.table import Table

from bot import instance
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, err, out, plainly
from bot.errors import Misconfigured, Problem, Refused
from bot.rasa import LONGEST_START
from bot.settings import Settings
from bot.training.live import Live
from bot.training.models import fingerprint, usable

app = typer.Typer(no_args_is_help=True, help="See which model is live, take another, go back.")

#: Characters of a model's name that are shown; enough to name it by.
SHOWN = 12
#: Seconds between two looks whether a running Frontdesk has taken a model.
LOOK = 0.2


@app.command("list")
def list_models(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Every model there is, newest first."""
    with plainly():
        settings = configured(config)
        live = Live(settings.folders.var / "models")
        table = Table("model", "trained", "size", "live since", box=None)
        since = {choice.model: choice.at for choice in live.history()}
        present = live.chosen()
        for name in reversed(live.names()):
            archive = live.path(name).stat()
            shown = f"{since[name]:%Y-%m-%d %H:%M}" if present and name == present.model else ""
            trained = f"{datetime.fromtimestamp(archive.st_mtime, UTC):%Y-%m-%d %H:%M}"
            table.add_row(name[:SHOWN], trained, decimal(archive.st_size), shown)
        out.print(table)


@app.command()
def use(
    model: Annotated[str, typer.Argument(help="The beginning of its name, from `frontdesk model list`.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Makes a model live; a running Frontdesk takes it without losing a message."""
    with plainly():
        settings = configured(config)
        go_live(settings, Live(settings.folders.var / "models").named(model))


@app.command()
def rollback(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Makes the model live that was so before the present one."""
    with plainly():
        settings = configured(config)
        go_live(settings, Live(settings.folders.var / "models").before().model)


def go_live(settings: Settings, name: str) -> None:
    """Chooses a model, and returns once a Frontdesk that runs answers from it.

    Raises `Refused` where the model is damaged or Rasa cannot answer from it; what was live stays so.
    """
    if settings.understanding.url:
        own = "another Rasa answers, so its own means put a model live"
        raise Misconfigured([Problem("config.yaml", "understanding.url", own, "leave it out to use Frontdesk's own")])
    live = Live(settings.folders.var / "models")
    if not usable(live.path(name)):
        raise Refused(f"{live.path(name)} is damaged; train again, or take another")
    live.choose(name, fingerprint(settings.folders.intents))
    if not instance.runs(settings.folders.var):
        out.print(f"{name[:SHOWN]} answers from the next start on.", markup=False)
        return
    with err.status("A second Rasa is starting; the present one answers meanwhile"):
        _wait_taken(settings, live, name)
    out.print(f"{name[:SHOWN]} is live.", markup=False)


def _wait_taken(settings: Settings, live: Live, name: str) -> None:
    ends = time.monotonic() + LONGEST_START
    while not instance.found(settings.folders.var, live.path(name)):
        present = live.chosen()
        if present and present.model != name:
            raise Refused(
                f"Rasa cannot answer from {name[:SHOWN]}: see {settings.folders.var}/rasa.log; "
                f"{present.model[:SHOWN]} stays live"
            )
        if time.monotonic() > ends:
            raise Refused(f"the running Frontdesk did not take {name[:SHOWN]} within {LONGEST_START:.0f} s")
        time.sleep(LOOK)
