"""`frontdesk queue` and `frontdesk agents presence`: who waits, and who is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from babel.dates import format_timedelta
from rich.table import Table
from rich.text import Text

from bot import answers
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, out, plainly
from bot.conversation import now
from bot.routing.places import Board, Line, Places
from bot.routing.router import Router
from bot.routing.served import opening_of, standing_of
from bot.settings import Settings
from bot.sla.policies import Policies
from bot.store.agent_tables import Presence
from bot.store.database import Database
from bot.store.routing import AtDesk
from bot.tiers import Tiers

Result = TypeVar("Result")


def queue(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Who waits for a human, in the order they are served, and who is there."""
    board = _do(config, lambda settings, database: _places(settings, database).board(now()))
    out.print(_waiting(board) if board.lines else "Nobody waits.")
    out.print(_there(board.desk) if board.desk else "Nobody works at the desk yet.")


def presence(
    agent: Annotated[str, typer.Argument(help="Whose.")],
    chosen: Annotated[Presence, typer.Argument(help="Whether they are given tickets.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Says that an agent is there, away or gone; who goes gives back what waits for them."""

    async def say(settings: Settings, database: Database) -> None:
        words = answers.load(settings.folders.responses, settings.brand.name, settings.languages)
        await Router(database, words, settings.routing).set_presence(agent, chosen)

    _do(config, say)
    out.print(f"{agent} is {chosen.value}.", markup=False)


def _places(settings: Settings, database: Database) -> Places:
    opens_at = opening_of(Policies(settings.calendars, settings.sla.policies))
    return Places(database, settings.routing, standing_of(Tiers(settings.tiers)), opens_at)


def _do(config: Path, work: Callable[[Settings, Database], Awaitable[Result]]) -> Result:
    with plainly():
        settings = configured(config)
        database = Database(settings.database.url)
        try:
            database.migrate()
            return asyncio.run(_awaited(work, settings, database))
        finally:
            database.close()


async def _awaited(
    work: Callable[[Settings, Database], Awaitable[Result]], settings: Settings, database: Database
) -> Result:
    return await work(settings, database)


def _waiting(board: Board) -> Table:
    table = Table(
        "ticket", "team", "place", "priority", "tier", "language", "waits for", "will wait", "about", box=None
    )
    for line in board.lines:
        ticket = line.ticket
        table.add_row(
            ticket.number,
            Text(line.team or "everybody"),
            str(line.expected.position),
            ticket.priority,
            Text(ticket.tier),
            ticket.language,
            format_timedelta(max(now() - ticket.since, timedelta()), locale="en"),
            _wait(line),
            Text(ticket.title),
        )
    return table


def _wait(line: Line) -> str:
    wait, back_at = line.expected.wait, line.expected.back_at
    if back_at:
        return f"closed until {back_at:%Y-%m-%d %H:%M %Z}"
    return f"{wait.low} to {wait.high} min" if wait else "unknown"


def _there(desk: Sequence[AtDesk]) -> Table:
    table = Table("agent", "presence", "since", "tickets", "teams", "skills", "languages", box=None)
    for found in desk:
        agent = found.agent
        table.add_row(
            Text(agent.name),
            agent.presence.value,
            f"{agent.presence_at.astimezone():%Y-%m-%d %H:%M}" if agent.presence_at else "",
            f"{found.load} of {agent.capacity}",
            Text(", ".join(agent.teams)),
            Text(", ".join(agent.skills)),
            ", ".join(agent.languages) or "all",
        )
    return table
