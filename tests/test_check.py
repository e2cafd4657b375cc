"""`frontdesk check`, as an operator runs it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app

ROOT = Path(__file__).parent.parent


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example exchange, to be broken."""
    for folder in ("responses", "intents/data"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "intents" / "domain.yml", tmp_path / "intents")
    shutil.copy(ROOT / "config.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check() -> Result:
    return CliRunner().invoke(app, ["check"])


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.usefixtures("desk")
def test_the_example_is_flawless() -> None:
    """What ships passes its own check."""
    result = check()
    assert result.exit_code == 0, result.output
    assert "Nothing is wrong." in result.output


def test_unknown_keys_are_named_with_line_and_remedy(desk: Path) -> None:
    """In a section of ours and in a channel's."""
    replace(desk / "config.yaml", "  port: 8080", "  prot: 8080")
    replace(desk / "config.yaml", "  webchat: {}", "  webchat:\n    colour: red")
    result = check()
    assert result.exit_code == 1
    assert "web.prot: unknown key" in result.output
    assert "correct its spelling" in result.output
    replace(desk / "config.yaml", "  prot: 8080", "  port: 8080")
    assert "channels.webchat.colour: unknown key" in check().output


def test_an_unknown_channel_and_a_secret_in_the_file_are_named(desk: Path) -> None:
    """Both at once, each with what to do about it."""
    replace(desk / "config.yaml", "  webchat: {}", "  webchat: {identity_secret: hush}\n  shop: {type: pigeon}")
    output = check().output
    assert "channels.webchat.identity_secret: a secret in the configuration file" in output
    assert "FRONTDESK__CHANNELS__WEBCHAT__IDENTITY_SECRET" in output
    assert "hush" not in output
    assert "channels.shop: no channel type 'pigeon'" in output
    assert "set type to one of" in output


def test_a_secret_file_that_is_missing_is_named(desk: Path) -> None:
    """The key and the path, not a traceback."""
    replace(desk / "config.yaml", "  webchat: {}", "  webchat: {identity_secret_file: /nowhere/secret}")
    result = check()
    assert result.exit_code == 1
    assert "identity_secret_file" in result.output
    assert "/nowhere/secret" in result.output


def test_an_unreachable_database_is_named(desk: Path) -> None:
    """With the key to change; its password is not repeated."""
    replace(desk / "config.yaml", "sqlite:///var/frontdesk.db", "postgresql://me:hush@127.0.0.1:1/none")
    result = check()
    assert result.exit_code == 1
    assert "database.url" in result.output
    assert "start the database" in result.output
    assert "hush" not in result.output


def test_gaps_in_the_content_are_named(desk: Path) -> None:
    """An intent without an answer in one language, an answer without an intent, an unknown placeholder: all at once."""
    replace(desk / "responses/zh/withdrawal.yml", "utter_withdrawal_time:", "utter_withdrawal_tmie:")
    replace(desk / "responses/en/frontdesk.yml", "{ticket}", "{tikcet}")
    output = check().output
    assert "utter_withdrawal_time: no answer in zh" in output
    assert "utter_withdrawal_tmie: an answer without an intent" in output
    assert "unknown placeholder {tikcet}" in output
    assert "use one of {brand}, {ticket}, {wait}" in output
    assert "3 problems found." in output


def test_gaps_in_the_policy_are_named(desk: Path) -> None:
    """Categories and facts that do not exist, texts that lack a language."""
    path = desk / "responses" / "escalation.yml"
    replace(path, "categories:\n", "categories:\n  odd:\n    title: {en: Odd}\n    facts: [shoe_size]\n")
    output = check().output
    assert "categories.odd.facts: no fact 'shoe_size'" in output
    assert "categories.odd.title: no text in zh" in output


def test_broken_yaml_is_named_with_its_line(desk: Path) -> None:
    """A response file that cannot be read stops nothing else from being checked."""
    replace(desk / "responses/en/frontdesk.yml", "responses:", "responses: [")
    replace(desk / "config.yaml", "sqlite:///var/frontdesk.db", "postgresql://127.0.0.1:1/none")
    output = check().output
    assert "frontdesk.yml:" in output
    assert "database.url" in output
