"""`frontdesk calls`: the calls that were promised, at a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer
from babel.dates import format_datetime
from rich.table import Table
from rich.text import Text

from bot.callbacks import numbers
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, out, plainly
from bot.settings import Settings
from bot.store import call_backs
from bot.store.call_backs import AHEAD, Listed
from bot.store.call_tables import CallState
from bot.store.database import Database


def calls(
    state: Annotated[list[CallState] | None, typer.Option(help="Only these states.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 100,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """The calls ahead, or those in the states named, soonest first."""
    with plainly():
        found = asyncio.run(_listed(configured(config), state or AHEAD, limit))
    table = Table("id", "call at", "number", "ticket", "about", "account", "state", "agent", "tries", box=None)
    for listed in found:
        table.add_row(*_row(listed))
    out.print(table if found else "No calls.")


async def _listed(settings: Settings, states: Sequence[CallState], limit: int) -> Sequence[Listed]:
    database = Database(settings.database.url)
    try:
        database.migrate()
        return await database.run(call_backs.listed, states, limit)
    finally:
        database.close()


def _row(listed: Listed) -> list[Text]:
    call = listed.call
    cells = (
        str(call.id),
        format_datetime(call.due_at.astimezone(), "short", locale="en"),
        numbers.shown(call.number),
        listed.ticket.number,
        call.problem,
        call.account,
        call.state.value,
        call.agent or "",
        str(call.attempts),
    )
    return [Text(cell) for cell in cells]
