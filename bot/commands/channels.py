"""`frontdesk channels`: how each channel is."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

import typer

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
        told = "\n".join(map(_told, found)) or "No channel has run yet: frontdesk up starts them."
        out.print(told, markup=False, soft_wrap=True)


def _row(one: Overview) -> dict[str, Any]:
    state = one.state
    return {
        "channel": state.channel,
        "account": state.account,
        "state": "stopped" if states.silent(state, now(), STALE) else state.hearing.value,
        "since": _moment(state.since),
        "last_message": _moment(state.heard_at),
        "lag_seconds": None if state.lag is None else round(state.lag, 1),
        "cursor": one.cursor or "; ".join(f"{lane} {value}" for lane, value in one.lanes.items()) or None,
        "waiting": one.out.get(MessageState.QUEUED, 0) + one.out.get(MessageState.SENDING, 0),
        "failed": one.out.get(MessageState.FAILED, 0),
        "unknown": one.out.get(MessageState.UNKNOWN, 0),
        "last_error": state.error,
        "last_error_at": _moment(state.error_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else None


def _told(row: dict[str, Any]) -> str:
    """A few lines, since what an account is called and where it stopped reading may each be long."""
    lag = "" if row["lag_seconds"] is None else f", {row['lag_seconds']} s after it was sent"
    lines = [
        f"{row['channel']} {row['account']}: {row['state']} since {row['since']}",
        f"  in   last message {row['last_message'] or 'none yet'}{lag}; cursor {row['cursor'] or 'none'}",
        f"  out  {row['waiting']} waiting, {row['failed']} failed, {row['unknown']} unknown",
    ]
    if row["last_error"]:
        lines.append(f"  last error {row['last_error_at']}: {row['last_error']}")
    return "\n".join(lines)
