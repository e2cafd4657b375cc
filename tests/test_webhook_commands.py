"""Webhooks at the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import bot.logs
from bot.__main__ import app
from bot.store import pages
from bot.store.database import Database
from tests.samples import escalated, timeline


@pytest.fixture
def folder(tmp_path: Path, sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a Frontdesk is configured, with a ticket; nobody listens where its webhooks go."""
    escalated(sqlite)
    (tmp_path / "config.yaml").write_text(f"database: {{url: '{sqlite.url}'}}\nwebhooks: {{allow_private: true}}\n")
    monkeypatch.chdir(tmp_path)
    # It would stay so for the tests that come after.
    monkeypatch.setattr(bot.logs, "configure", lambda _: None)
    return tmp_path


def invoked(*arguments: str) -> tuple[int, str, str]:
    """Status, and what was said on standard output and standard error."""
    result = CliRunner().invoke(app, [*arguments])
    return result.exit_code, " ".join(result.stdout.split()), " ".join(result.stderr.split())


@pytest.mark.usefixtures("folder", "wide")
def test_an_endpoint_from_its_beginning_to_its_end() -> None:
    """Added with its secret alone on standard output, tried, looked at, told again, switched on, removed."""
    status, secret, told = invoked("webhooks", "add", "http://127.0.0.1:9/in", "--kind", "ticket.opened")
    assert (status, secret.count("whsec_"), "Webhook 1" in told) == (0, 1, True)
    assert secret.split()[-1].startswith("whsec_")
    status, _, told = invoked("webhooks", "test", "1")
    assert (status, told) == (1, "frontdesk: no connection: ConnectError.")
    _, listed, _ = invoked("webhooks", "deliveries", "1")
    key = next(word for word in listed.split() if word.startswith("msg_"))
    assert "webhook.test failed 1" in listed
    assert invoked("webhooks", "replay", key)[0] == 0
    assert "failing since" in invoked("webhooks", "list")[1]
    assert invoked("webhooks", "enable", "1")[0] == 0
    assert invoked("webhooks", "remove", "1")[0] == 0
    assert invoked("webhooks", "list")[1] == "No webhooks."


@pytest.mark.usefixtures("folder")
def test_what_makes_no_sense_is_refused_in_words() -> None:
    """With status 1 and no traceback."""
    for arguments, why in (
        (("add", "http://hooks.example/"), "must begin with https://"),
        (("add", "https://hooks.example/", "--kind", "all"), "kinds are named like ticket.opened"),
        (("remove", "7"), "there is no webhook 7"),
        (("replay", "msg_none"), "there is no such delivery"),
    ):
        status, _, told = invoked("webhooks", *arguments)
        assert (status, why in told) == (1, True), told


@pytest.mark.usefixtures("folder")
def test_links_to_a_ticket_s_page_are_revoked(sqlite: Database) -> None:
    """With the ticket's number."""
    assert invoked("tickets", "revoke-links", "FD-1001")[0] == 0
    assert sqlite.transact(pages.version, 1) == 1
    assert timeline(sqlite)[-1][1] == "links_revoked"
    assert invoked("tickets", "revoke-links", "FD-7")[0] == 1
