"""How channels are: gathered in memory, written down now and then, told by `frontdesk channels`."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

import bot.states
from bot.__main__ import app
from bot.states import STALE, States
from bot.store import inbox, states
from bot.store.channel_tables import Hearing
from bot.store.database import Database
from bot.store.tables import MessageState
from tests.samples import answer, inbound
from tests.sending import Clock


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time as states see it; it stands until it is moved."""
    clock = Clock()
    monkeypatch.setattr(bot.states, "now", clock.now)
    return clock


async def written(gathered: States) -> None:
    """Writes them down as the end of a run does."""
    await gathered._write()


async def test_state_tells_since_when(database: Database, watch: Clock) -> None:
    """What changes is the state, not the moment of every sign of life; the last trouble outlives itself."""
    gathered = States(database)
    began = watch.at
    gathered.trouble("telegram", "42", "no route")
    watch.at += timedelta(seconds=5)
    gathered.listening("telegram", "42")
    up = watch.at
    watch.at += timedelta(seconds=5)
    gathered.heard("telegram", "42", up)
    await written(gathered)
    (found,) = database.transact(states.overview)
    assert (found.state.hearing, found.state.since) == (Hearing.LISTENING, up)
    assert (found.state.error, found.state.error_at) == ("no route", began)
    assert (found.state.heard_at, found.state.lag) == (watch.at, 5)


async def test_clock_of_the_platform_may_be_ahead(database: Database, watch: Clock) -> None:
    """A message from the future has no lag, one without a time an unknown one."""
    gathered = States(database)
    gathered.heard("x", "1", watch.at + timedelta(minutes=3))
    gathered.heard("x", "2", None)
    await written(gathered)
    assert [one.state.lag for one in database.transact(states.overview)] == [0, None]


async def test_overview_counts_what_is_out(database: Database) -> None:
    """Beside each account stand its cursor and the messages that wait or went wrong."""
    answer(database, inbound("hello"), "one", "two")
    database.transact(inbox.keep_cursor, "memory", "bot-1", "7")
    gathered = States(database)
    gathered.listening("memory", "bot-1")
    gathered.listening("memory", "bot-2")
    await written(gathered)
    first, second = database.transact(states.overview)
    assert (first.cursor, first.out) == ("7", {MessageState.QUEUED: 2})
    assert (second.cursor, second.out) == (None, {})


async def test_lanes_of_an_account_are_one_row(sqlite: Database, tmp_path: Path) -> None:
    """Where an account is read in several lanes, its row tells the cursor of each."""
    sqlite.transact(inbox.keep_cursor, "x", "9000/dm", "7")
    sqlite.transact(inbox.keep_cursor, "x", "9000/mentions", "8")
    sqlite.transact(inbox.keep_cursor, "x", "900", "9")
    gathered = States(sqlite)
    gathered.listening("x", "9000")
    await written(gathered)
    config = tmp_path / "config.yaml"
    config.write_text(f"database: {{url: sqlite:///{tmp_path / 'frontdesk.db'}}}\n")
    [row] = json.loads(CliRunner().invoke(app, ["channels", "--json", "--config", str(config)]).output)
    assert row["cursor"] == "dm 7; mentions 8"


async def test_what_nobody_writes_down_is_stopped(database: Database, watch: Clock) -> None:
    """A state is believed for a while after it was written, and no longer."""
    gathered = States(database)
    gathered.listening("memory", "bot-1")
    await written(gathered)
    (one,) = database.transact(states.overview)
    assert not states.silent(one.state, watch.at, STALE)
    assert states.silent(one.state, watch.at + timedelta(seconds=STALE + 1), STALE)


async def test_command_tells_it(sqlite: Database, tmp_path: Path) -> None:
    """`frontdesk channels` shows every account, as a table and as JSON."""
    config = tmp_path / "config.yaml"
    config.write_text(f"database: {{url: sqlite:///{tmp_path / 'frontdesk.db'}}}\n")
    run = CliRunner()
    assert "No channel has run yet" in run.invoke(app, ["channels", "--config", str(config)]).output
    gathered = States(sqlite)
    gathered.listening("memory", "bot-1")
    gathered.trouble("mail", "help@example.com", "login refused")
    await written(gathered)
    told = json.loads(run.invoke(app, ["channels", "--json", "--config", str(config)]).output)
    assert [(row["channel"], row["account"], row["state"]) for row in told] == [
        ("mail", "help@example.com", "trouble"),
        ("memory", "bot-1", "listening"),
    ]
    assert told[0]["last_error"] == "login refused"
    shown = run.invoke(app, ["channels", "--config", str(config)]).output
    assert "mail help@example.com: trouble since" in shown
    assert ": login refused" in shown
