"""Updates in the form the Bot API gives them, and who the bot is in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from channels.telegram.addressed import Me

PAYLOADS = Path(__file__).parent / "payloads"
ME = Me("7200000001", "FrontdeskBot")
GROUP = -1001987654321


def payload(name: str) -> dict[str, Any]:
    """An update as Telegram told it."""
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return found
