"""What the pages of signing in and of the agents say."""

from __future__ import annotations

import re

from bot.access.names import BadName
from bot.access.passwords import WeakPassword
from bot.desk.access_words import NAMES, STATUSES, told
from bot.desk.texts import Words, texts
from bot.errors import Refused
from bot.store.access_tables import Purpose
from bot.store.agent_tables import Role


def mine(language: str) -> dict[str, set[str]]:
    """The texts' names, each with the places it leaves open."""
    own = {name: text for name, text in texts()[language].items() if name.startswith("access.")}
    return {name: set(re.findall(r"{(\w+)}", text)) for name, text in own.items()}


def test_everything_is_said_in_both_languages() -> None:
    """The same texts, with the same places left open, for every role, purpose and refusal."""
    assert mine("en") == mine("zh")
    words = {f"role_{role.value}" for role in Role} | {f"invite_{purpose.value}" for purpose in Purpose}
    words |= set(NAMES.values()) | {f"status_{status}" for status in STATUSES} | {"status_other"}
    assert {f"access.{word}" for word in words} <= mine("en").keys()


def test_a_refusal_is_told_in_the_readers_language() -> None:
    """By its kind where there is a sentence for it, else by its status; never in the words of a log."""
    english, chinese = Words("en"), Words("zh")
    assert "at least 10 characters" in told(WeakPassword("x"), 422, english)
    assert "可见字符" in told(BadName("x"), 422, chinese)
    assert told(Refused("FD-1 is with Ben"), 409, english).startswith("This cannot be done")
    assert told(Exception("secret"), 418, english) == "This did not work."
