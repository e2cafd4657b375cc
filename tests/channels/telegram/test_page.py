"""What the page says of Telegram is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from channels.telegram.commands import COMMANDS
from channels.telegram.settings import TelegramSettings

PAGE = (Path(__file__).parents[3] / "docs" / "channels.md").read_text(encoding="utf-8")
SECTION = PAGE.split("\n## Telegram\n")[1].split("\n## ")[0]


def test_every_setting_is_documented() -> None:
    """But `type`, which every channel has; with the default it has."""
    rows = re.findall(r"^\| `([a-z_]+)` \| (.*?) \|", SECTION.split("### Settings")[1], re.MULTILINE)
    fields = TelegramSettings.model_fields
    assert {name for name, _ in rows} == set(fields) - {"type"}
    for name, default in rows:
        told = {None: "none", (): "none", True: "`true`"}.get(fields[name].default, f"`{fields[name].default}`")
        assert default == ("needed" if fields[name].is_required() else told)


def test_every_command_is_documented() -> None:
    """Those of the menu, and the one that is only for groups."""
    table = SECTION.split("### Settings")[0]
    assert set(re.findall(r"`/([a-z]+)`(?=[ ,])", table)) >= {*COMMANDS, "ask"}
