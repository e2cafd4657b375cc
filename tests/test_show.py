"""`frontdesk tickets show`, as an agent reads it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.files import Files
from bot.store.database import Database
from channels.words import Attachment
from tests.conftest import RESPONSES
from tests.samples import arrive, escalated, inbound


def test_a_file_is_found_on_disk(sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file stands below its message with the path that opens it, on one line however long."""
    text = f"database: {{url: '{sqlite.url}'}}\nfolders: {{responses: {RESPONSES}}}\n"
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    # Restored afterwards: the command changes to the folder of its configuration.
    monkeypatch.chdir(tmp_path.parent)
    attachment = Attachment(name="proof.txt", media_type="text/plain", data=b"paid")
    kept = asyncio.run(Files(tmp_path / "var" / "files").keep([attachment]))
    arrive(sqlite, inbound("here"), files=kept)
    number = escalated(sqlite, inbound("a human!", "e2")).number
    shown = CliRunner().invoke(app, ["tickets", "show", number, "--config", str(tmp_path / "config.yaml")])
    assert shown.exit_code == 0, shown.output
    (line,) = [line for line in shown.output.splitlines() if "proof.txt" in line]
    assert Path(line.partition("(4 bytes): ")[2]).read_bytes() == b"paid"
