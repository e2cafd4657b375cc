"""What an operator does about agents at a terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from bot.__main__ import app
from bot.conversation import now
from bot.store import agents, audit, invites
from bot.store.access_tables import AuditLine
from bot.store.agent_tables import Agent, Role
from bot.store.database import Database
from tests.desk.house import hire
from tests.samples import rows


@pytest.fixture
def config(sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that names the test's database."""
    path = tmp_path / "config.yaml"
    path.write_text(f"database: {{url: '{sqlite.url}'}}\nweb: {{host: 0.0.0.0, port: 8123}}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return path


def frontdesk(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(config)])


def test_an_invite_prints_a_link_that_works(config: Path, sqlite: Database) -> None:
    """On standard output alone, so that it can be sent on; it opens for whom it names."""
    done = frontdesk(config, "agents", "invite", "Ben", "Ben@Example.org", "--role", "lead")
    assert done.exit_code == 0
    found = re.fullmatch(r"http://localhost:8123/desk/invite/([\w-]+)\n", done.stdout)
    assert found
    opened = sqlite.transact(invites.opened, found[1], now())
    assert opened.agent
    assert (opened.agent.name, opened.agent.email, opened.agent.role) == ("Ben", "ben@example.org", Role.LEAD)
    listed = frontdesk(config, "agents", "list").stdout
    assert re.search(r"Ben +ben@example.org +lead +no +invited", listed)
    again = frontdesk(config, "agents", "invite", "ben", "b@example.org")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "never given twice" in again.stderr


def test_reset_and_remove(config: Path, sqlite: Database) -> None:
    """A reset prints a link, a removal ends it all; who is the last admin stays; each is in the trail."""
    hire(sqlite)
    hire(sqlite, "Olga", Role.ADMIN)
    assert "/desk/invite/" in frontdesk(config, "agents", "reset", "Anna").stdout
    assert frontdesk(config, "agents", "remove", "Anna").exit_code == 0
    refused = frontdesk(config, "agents", "remove", "Olga")
    assert refused.exit_code == 1
    assert "last admin" in refused.stderr
    assert frontdesk(config, "agents", "remove", "Nobody").exit_code == 1
    assert [agent.name for agent in sqlite.transact(agents.all_agents)] == ["Olga"]
    last = [(line.actor, line.action, line.subject) for line in rows(sqlite, AuditLine)][-2:]
    assert last == [("command line", "agent reset", "Anna"), ("command line", "agent removed", "Anna")]
    assert len(rows(sqlite, Agent)) == 2


def test_verify_says_what_is_broken(config: Path, sqlite: Database) -> None:
    """Whole is 0 with the newest digest, broken is 1 with the line, and so is a digest that is gone."""
    for name in ("Ann", "Bob", "Cy"):
        sqlite.transact(audit.note, "Olga", "agent changed", name, now())
    whole = frontdesk(config, "audit", "verify")
    assert whole.exit_code == 0
    (digest,) = re.findall(r"3 lines, the newest (\w{64})", whole.stdout)
    assert frontdesk(config, "audit", "verify", "--known", digest).exit_code == 0
    assert frontdesk(config, "audit", "verify", "--known", "f" * 64).exit_code == 1

    sqlite.transact(lambda session: session.execute(text('DROP TRIGGER "auditline_no_UPDATE"')))
    sqlite.transact(lambda session: session.execute(text("UPDATE auditline SET subject = 'Eve' WHERE id = 2")))
    broken = frontdesk(config, "audit", "verify")
    assert broken.exit_code == 1
    assert re.search(r"Broken: audit, line 2: \S+ \S+ Olga 'agent changed'", broken.stdout)


def test_a_token_with_scopes(config: Path) -> None:
    """Only scopes there are; the list says what a token opens."""
    assert frontdesk(config, "tokens", "create", "crm", "--scope", "contacts:write").stdout.startswith("fd_")
    assert frontdesk(config, "tokens", "create", "crm", "--scope", "everything").exit_code == 2
    assert re.search(r"1 +crm +contacts:write", frontdesk(config, "tokens", "list").stdout)
