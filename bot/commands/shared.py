"""What every command needs: the configuration, and errors said plainly."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot import settings
from bot.config_file import ConfigFile
from bot.errors import FrontdeskError, Misconfigured
from bot.settings import Settings
from bot.store.database import Database

#: Results go to standard output, everything said along the way to standard error.
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

ConfigOption = Annotated[
    Path,
    typer.Option("--config", envvar="FRONTDESK_CONFIG", help="The configuration file; paths in it are relative to it."),
]
DEFAULT_CONFIG = Path("config.yaml")


@contextlib.contextmanager
def plainly() -> Iterator[None]:
    """Ends the command with status 1 and the error's own words, instead of a traceback."""
    try:
        yield
    except Misconfigured as error:
        for problem in error.problems:
            err.print(str(problem), markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    except FrontdeskError as error:
        err.print(f"frontdesk: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error


def configured(config: Path) -> Settings:
    """The settings in `config`; from here on the working folder is the one it lies in. Raises `Misconfigured`."""
    file = ConfigFile(config)
    os.chdir(file.folder)
    return settings.load(file)


@contextlib.contextmanager
def opened(config: Path) -> Iterator[tuple[Settings, Database]]:
    """The settings in `config` and their database, brought to this version; errors are said as `plainly` says them."""
    with plainly():
        found = configured(config)
        database = Database(found.database.url)
        try:
            database.migrate()
            yield found, database
        finally:
            database.close()
