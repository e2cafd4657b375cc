from __future__ import annotations

import re
from pathlib import Path

from channels.email.settings import EmailSettings

PAGE = Path(__file__).parents[3] / "docs" / "channels.md"


def test_every_setting_of_a_mailbox_is_documented() -> None:
    """But `type`, which every channel has."""
    table = PAGE.read_text(encoding="utf-8").split("### Settings of a mailbox")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == set(EmailSettings.model_fields) - {"type"}
