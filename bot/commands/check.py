"""`frontdesk check`: what is wrong with the configuration, all of it at once."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from bot.check import problems
from bot.check_training import training_problems
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, out, plainly
from bot.config_file import ConfigFile


def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Names every problem of the configuration and the content, each with its place and remedy. Changes nothing."""
    with plainly():
        file = ConfigFile(config)
        os.chdir(file.folder)
        file = ConfigFile(Path(config.name))
        # A domain that cannot be read is a problem for both.
        found = list(dict.fromkeys([*problems(file), *training_problems(file)]))
    for problem in found:
        out.print(str(problem), markup=False, soft_wrap=True)
    if found:
        out.print(f"{len(found)} problem{'s' if len(found) > 1 else ''} found.")
        raise typer.Exit(1)
    out.print("Nothing is wrong.")
