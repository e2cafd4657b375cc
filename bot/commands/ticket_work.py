"""What every command on tickets needs: who acts, on which ticket, and the work done with errors said plainly."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot import answers, choices, domain, policy
from bot.choices import Choices
from bot.commands.shared import configured, plainly
from bot.settings import Settings
from bot.store.database import Database
from bot.ticket_page import giving
from bot.tickets import Tickets

Number = Annotated[str, typer.Argument(help="The ticket's number, like FD-1042.")]
As = Annotated[str, typer.Option("--as", envvar="FRONTDESK_AGENT", help="Your name, as the user will see it.")]
ME = getpass.getuser()
Result = TypeVar("Result")


def do(config: Path, work: Callable[[Tickets], Awaitable[Result]], *, choosing: bool = False) -> Result:
    """The result of `work`; `choosing` where it needs to know which categories and intents there are."""
    with plainly():
        settings = configured(config)
        return asyncio.run(worked(settings, work, _choices(settings) if choosing else None))


async def worked(
    settings: Settings, work: Callable[[Tickets], Awaitable[Result]], known: Choices | None = None
) -> Result:
    """The result of `work` on the database of `settings`."""
    database = Database(settings.database.url)
    try:
        database.migrate()
        words = answers.load(settings.folders.responses, settings.brand.name, settings.languages)
        page = giving.of(database, settings).link
        return await work(Tickets(database, words, settings.delivery.longest_send, known, page))
    finally:
        database.close()


def _choices(settings: Settings) -> Choices:
    folders = settings.folders
    return choices.load(folders.intents, policy.load(folders.responses, domain.load(folders.intents)))
