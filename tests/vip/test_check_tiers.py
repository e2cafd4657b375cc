"""What `frontdesk check` says of tiers."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from bot.__main__ import app
from bot.store.agent_tables import Agent
from bot.store.database import Database, Session
from tests.samples import NOW

GOLD = """
tiers:
  gold:
    title: {en: Gold, zh: 黄金会员}
    rank: 2
    when:
    - {attribute: volume, at_least: 1000}
"""


def check(desk: Path, section: str = GOLD) -> str:
    text = (desk / "config.yaml").read_text(encoding="utf-8").split("\ntiers:")[0]
    (desk / "config.yaml").write_text(text + section, encoding="utf-8")
    return CliRunner().invoke(app, ["check"]).output


def line(desk: Path, words: str) -> int:
    """The number of the line that has them."""
    lines = (desk / "config.yaml").read_text(encoding="utf-8").splitlines()
    return next(number for number, text in enumerate(lines, 1) if words in text)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("{attribute: volume}", "needs at_least, at_most or both, or one_of alone"),
        ("{attribute: volume, at_least: much}", "valid integer"),
        ("{attribute: Volume, at_least: 1}", "should match pattern"),
        ("{attribute: volume, above: 1}", "unknown key"),
    ],
)
def test_a_wrong_condition_is_named_with_its_line(desk: Path, wrong: str, told: str) -> None:
    """And with what is wrong about it."""
    output = check(desk, GOLD.replace("{attribute: volume, at_least: 1000}", wrong))
    assert f"config.yaml:{line(desk, wrong)}: tiers.gold.when.0" in output
    assert told in output


def test_names_that_stand_for_nothing_are_told(desk: Path) -> None:
    """A channel, an intent, a second tier of one rank, a language without a text; all at once."""
    second = "  silver: {title: {en: S}, rank: 2, channels: [shop], perks_with: [nonsense], perks: {en: You rule}}\n"
    output = check(desk, GOLD + second)
    for told in (
        "tiers.silver.rank: the rank of gold too",
        "tiers.silver.channels: no channel 'shop'",
        "tiers.silver.perks_with: no intent 'nonsense'",
        "tiers.silver.title: no text in zh",
        "tiers.silver.perks: no text in zh",
    ):
        assert f"config.yaml:{line(desk, 'silver')}: {told}" in output


def test_agents_who_are_nobody_are_told(desk: Path) -> None:
    """By the database, once it is there; those who were removed are nobody."""
    section = GOLD + "    agents: [Anna, Ben, Eve]\n"
    assert "is no agent" not in check(desk, section)
    url = YAML(typ="safe").load((desk / "config.yaml").read_text(encoding="utf-8"))["database"]["url"]
    database = Database(url)
    database.migrate()
    anna, ben = (Agent(name=name, email=f"{name}@example.org", created_at=NOW) for name in ("Anna", "Ben"))
    ben.removed_at = NOW
    database.transact(Session.add_all, [anna, ben])
    database.close()
    output = check(desk, section)
    assert "Ben is no agent" in output
    assert "Eve is no agent" in output
    assert "Anna is no agent" not in output


def test_call_backs_that_name_nothing_are_told(desk: Path) -> None:
    """A tier, a category, a calendar, a fact that nobody asks for; a country and a zone that are none."""
    section = (
        "\ncall_backs:\n  allowed: [{tiers: [lead], categories: [gossip]}]\n  calendar: moon\n  number_fact: fax\n"
    )
    output = check(desk, GOLD + section)
    for told in (
        "call_backs.allowed.0.tiers: no tier 'lead'",
        "call_backs.allowed.0.categories: no category 'gossip'",
        "call_backs.calendar: no calendar 'moon'",
        "call_backs.number_fact: no fact 'fax'",
        "call_backs.number_fact: fax is not asked for",
    ):
        assert told in output
    output = check(desk, GOLD + "\ncall_backs: {region: XX, zone: Mars/Base}\n")
    assert "'XX' is no country with telephones" in output
    assert "'Mars/Base' is no time zone" in output
