"""`frontdesk check --connect`: what the platforms themselves say of the configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import check_connect
from bot.__main__ import app
from bot.check_connect import connection_problems
from bot.config_file import ConfigFile
from channels.memory import Memory
from tests.test_check import replace


class Shut(Memory):
    """A platform that does not let us in, and one that never answers."""

    patience = 0.0

    async def connect(self) -> Sequence[str]:
        await asyncio.sleep(self.patience)
        return ["the token is refused; set channels.pigeon.token"]


async def test_connect_tells_what_platforms_say(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each channel is logged in to; what it says stands at its line, and silence is told too."""
    replace(desk / "config.yaml", "  webchat: {}", "  webchat: {}\n  pigeon: {type: memory}")
    file = ConfigFile(Path("config.yaml"))
    channels = {"webchat": Memory(), "pigeon": Shut()}
    (problem,) = await connection_problems(channels, file)
    assert (problem.key, problem.what) == ("channels.pigeon", "the token is refused; set channels.pigeon.token")
    assert problem.where == file.line(("channels", "pigeon"))
    monkeypatch.setattr(check_connect, "PATIENCE", 0.01)
    monkeypatch.setattr(Shut, "patience", 5.0)
    (problem,) = await connection_problems(channels, file)
    assert problem.what.startswith("no answer within")


def test_connect_is_tried_where_all_else_is_right(desk: Path) -> None:
    """With the example nothing is wrong; with a channel that is wrong as it stands nobody logs in."""
    assert CliRunner().invoke(app, ["check", "--connect"]).exit_code == 0
    replace(desk / "config.yaml", "  webchat: {}", "  webchat: {}\n  shop: {type: pigeon}")
    assert "1 problem found" in CliRunner().invoke(app, ["check", "--connect"]).output
