"""`frontdesk tickets ...` changes tickets as the API does, and says what it did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.store import ticketing
from bot.store.corrections import all_corrections
from bot.store.database import Database
from bot.store.tables import TicketState
from channels.words import Place
from tests.conftest import RESPONSES
from tests.samples import escalated, inbound


@pytest.fixture
def tickets(sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """`frontdesk tickets ...`, as Anna: how it ends, and what it says. FD-1001 and FD-1002 wait."""
    folders = f"{{responses: {RESPONSES}, intents: {RESPONSES.parent / 'intents'}}}"
    (tmp_path / "config.yaml").write_text(f"database: {{url: '{sqlite.url}'}}\nfolders: {folders}\n", encoding="utf-8")
    # Restored afterwards: the command changes to the folder of its configuration.
    monkeypatch.chdir(tmp_path.parent)
    monkeypatch.setenv("FRONTDESK_AGENT", "Anna")
    monkeypatch.setenv("COLUMNS", "200")
    escalated(sqlite, inbound("how much is a trade"))
    escalated(sqlite, inbound("me too", "e2", Place(account="bot-1", handle="bob")))

    def run(*said: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["tickets", *said, "--config", str(tmp_path / "config.yaml")])
        # Above it may stand lines of the log.
        return done.exit_code, done.output if said[0] == "show" else done.output.splitlines()[-1]

    return run


def test_a_ticket_is_changed(sqlite: Database, tickets: Callable[..., tuple[int, str]]) -> None:
    """Fields, assignee and what it waits for; a category there is not is refused with those there are."""
    for said in (
        ("change", "FD-1001", "--category", "fees", "--priority", "high", "--tag", "a", "--tag", "b"),
        ("assign", "FD-1001", "Anna"),
        ("hold", "FD-1001"),
        ("pend", "FD-1001"),
        ("solve", "FD-1001"),
        ("reopen", "FD-1001"),
        ("correct", "FD-1001", "1", "trading_fees"),
    ):
        code, output = tickets(*said)
        assert code == 0, output
    found = sqlite.transact(ticketing.find, "FD-1001")
    assert (found.category, found.priority, found.tags, found.state) == ("fees", "high", ["a", "b"], TicketState.NEW)
    assert [one.intent for one in sqlite.transact(all_corrections)] == ["trading_fees"]
    code, output = tickets("change", "FD-1001", "--category", "lost")
    assert code == 1
    assert "there is no category 'lost'; one of general, account" in output


def test_tickets_are_merged_split_and_linked(tickets: Callable[..., tuple[int, str]]) -> None:
    """Each says which ticket goes on, and `show` of a merged one too."""
    assert tickets("merge", "FD-1001", "fd-1002") == (0, "FD-1001 goes on as FD-1002.")
    assert "goes on as" in tickets("show", "FD-1001")[1]
    assert tickets("undo", "FD-1002") == (0, "FD-1001 and FD-1002 are as before.")
    assert tickets("split", "FD-1001", "Fees", "--message", "1") == (0, "The other matter is FD-1003.")
    assert tickets("link", "FD-1003", "causes", "FD-1002")[0] == 0
    assert "caused by" in tickets("show", "FD-1002")[1]
    assert tickets("unlink", "FD-1003", "causes", "FD-1002")[0] == 0
    assert "caused by" not in tickets("show", "FD-1002")[1]
    assert tickets("mentions") == (0, "Nobody named you.")
