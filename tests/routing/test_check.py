"""`frontdesk check` on routing: what names nothing is told, with its line."""

from __future__ import annotations

from pathlib import Path

from bot.check import problems
from bot.config_file import ConfigFile
from bot.store.database import Database
from tests.routing.people import hire, set_ticket, wait_for_human

TEAMS = """
routing:
  teams:
    payments:
      categories: [withdrawal, wihtdrawal]
      languages: [zh, fr]
"""


def found(desk: Path) -> dict[str, list[str]]:
    """What is wrong, by key."""
    keys: dict[str, list[str]] = {}
    for problem in problems(ConfigFile(desk / "config.yaml")):
        keys.setdefault(problem.key, []).append(str(problem))
    return keys


def test_team_of_nothing_is_told(desk: Path) -> None:
    """A category and a language that there is none of, each at its line."""
    config = desk / "config.yaml"
    config.write_text(config.read_text("utf-8") + TEAMS, "utf-8")
    wrong = found(desk)
    assert wrong.keys() == {"routing.teams.payments.categories", "routing.teams.payments.languages"}
    assert "no category 'wihtdrawal'" in wrong["routing.teams.payments.categories"][0]
    assert "config.yaml:" in wrong["routing.teams.payments.languages"][0]


def test_team_that_is_no_more_is_told(desk: Path) -> None:
    """What agents and tickets still name is told with how many; who is removed counts no more."""
    database = Database(f"sqlite:///{desk}/var/frontdesk.db")
    database.migrate()
    hire(database, "Anna", teams=["dissolved", "payments"])
    set_ticket(database, wait_for_human(database), team="dissolved")
    database.close()
    config = desk / "config.yaml"
    config.write_text(config.read_text("utf-8") + "\nrouting: {teams: {payments: {}}}\n", "utf-8")
    (told,) = found(desk)["routing.teams"]
    assert "no team 'dissolved', which 1 agents are in and 1 open tickets wait in" in told


def test_check_makes_no_database(desk: Path) -> None:
    """Looking for teams leaves a database that is not there unmade, and one without tables as it was."""
    assert found(desk) == {}
    assert not (desk / "var").exists()
    (desk / "var").mkdir()
    (desk / "var" / "frontdesk.db").touch()
    assert found(desk) == {}
