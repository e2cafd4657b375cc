"""`frontdesk channels`: how each channel is."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, out, plainly
from bot.conversation import now
from bot.states import STALE
from bot.store import states
from bot.store.database import Database
from bot.store.states import Overview
from bot.store.tables import MessageState


def channels(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Shows for each account of each channel whether it hears its platform, its lag, its cursor and its last error."""
    with plainly():
        database = Database(configured(config).database.url)
        database.migrate()
        found = [_row(one) for one in database.transact(states.overview)]
        database.close()
    if as_json:
        out.print_json(json.dumps(found))
    else:
        out.print(_table(found) if found else "No channel has run yet: frontdesk up starts them.")


def _row(one: Overview) -> dict[str, Any]:
    state = one.state
    return {
        "channel": state.channel,
        "account": state.account,
        "state": "stopped" if states.silent(state, now(), STALE) else state.hearing.value,
        "since": _moment(state.since),
        "last message": _moment(state.heard_at),
        "lag": None if state.lag is None else round(state.lag, 1),
        "cursor": one.cursor,
        "waiting": one.out.get(MessageState.QUEUED, 0) + one.out.get(MessageState.SENDING, 0),
        "failed": one.out.get(MessageState.FAILED, 0),
        "unknown": one.out.get(MessageState.UNKNOWN, 0),
        "last error": f"{_moment(state.error_at)} {state.error}" if state.error else None,
    }


def _moment(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else None


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(*rows[0], box=None)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    return table
