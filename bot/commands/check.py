"""`frontdesk check`: what is wrong with the configuration, all of it at once."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from bot import settings
from bot.access.oidc.check import provider_problems
from bot.check import built, problems
from bot.check_connect import connection_problems
from bot.check_training import training_problems
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, out, plainly
from bot.config_file import ConfigFile
from bot.conversation import now
from bot.errors import Problem

ConnectOption = Annotated[
    bool,
    typer.Option(
        "--connect", help="Logs in to every channel too, asks the OpenID provider, and tells what is missing there."
    ),
]


def check(config: ConfigOption = DEFAULT_CONFIG, *, connect: ConnectOption = False) -> None:
    """Names every problem of the configuration and the content, each with its place and remedy. Changes nothing."""
    with plainly():
        file = ConfigFile(config)
        os.chdir(file.folder)
        file = ConfigFile(Path(config.name))
        # A domain that cannot be read is a problem for both.
        found = list(dict.fromkeys([*problems(file), *training_problems(file)]))
        if connect:
            found += _connecting(file, found)
    for problem in found:
        out.print(str(problem), markup=False, soft_wrap=True)
    if found:
        out.print(f"{len(found)} problem{'s' if len(found) > 1 else ''} found.")
        raise typer.Exit(1)
    out.print("Nothing is wrong.")


def _connecting(file: ConfigFile, found: list[Problem]) -> list[Problem]:
    """Nobody logs in with settings that are wrong as they stand."""
    if any(problem.key.startswith(("channels", "desk.oidc")) for problem in found):
        return []
    return asyncio.run(_connected(settings.load(file), file))


async def _connected(known: settings.Settings, file: ConfigFile) -> list[Problem]:
    channels = await connection_problems(built(known, file), file)
    return [*channels, *await provider_problems(known.desk.oidc, file, now())]
