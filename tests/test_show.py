"""`frontdesk tickets show`, as an agent reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.files import Files
from bot.store.database import Database
from channels.words import Attachment
from tests.conftest import RESPONSES
from tests.samples import arrive, escalated, inbound


@pytest.fixture
def tickets(sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """`frontdesk tickets ...`, and what it prints."""
    text = f"database: {{url: '{sqlite.url}'}}\nfolders: {{responses: {RESPONSES}}}\n"
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    # Restored afterwards: the command changes to the folder of its configuration.
    monkeypatch.chdir(tmp_path.parent)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["tickets", *arguments, "--config", str(tmp_path / "config.yaml")])
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_a_file_is_found_on_disk(sqlite: Database, tmp_path: Path, tickets: Callable[..., str]) -> None:
    """Each file stands below its message with the path that opens it, on one line however long."""
    attachment = Attachment(name="proof.txt", media_type="text/plain", data=b"paid")
    kept = asyncio.run(Files(tmp_path / "var" / "files").keep([attachment]))
    arrive(sqlite, inbound("here"), files=kept)
    number = escalated(sqlite, inbound("a human!", "e2")).number
    (line,) = [line for line in tickets("show", number).splitlines() if "proof.txt" in line]
    assert Path(line.partition("(4 bytes): ")[2]).read_bytes() == b"paid"


def test_how_a_message_came_stands_below_it(sqlite: Database, tickets: Callable[..., str]) -> None:
    """What vouches for the sender is on one line, and whatever was left out of a text is read with one command."""
    beside = {"subject": "Hi [bold]there[/bold] " + "x" * 200, "authentication": "spf=pass dmarc=fail"}
    raw = {"headers": [["X-Odd", "\x9b31m\u202e"]]}
    number = escalated(sqlite, inbound("a human!", whole="a human!\n> quoted", beside=beside, raw=raw)).number
    shown = tickets("show", number).splitlines()
    place = next(number for number, line in enumerate(shown) if line.endswith("a human!") and ":" in line)
    assert shown[place + 1].strip() == " · ".join(f"{name}: {value}" for name, value in beside.items())
    command = shown[place + 2].partition("all of it: frontdesk tickets ")[2].split()
    assert command == ["original", number, "1"]
    original = tickets(*command)
    assert original.endswith("a human!\n> quoted\n")
    assert "X-Odd" in original
    assert not {"\x9b", "\u202e"} & set(original)
