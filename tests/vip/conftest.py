"""A talk whose clock stands."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import bot.callbacks.calls
import bot.conversation
from bot.callbacks.calls import Calls
from bot.conversation import Content
from bot.sla.calendar import Calendar
from bot.store.database import Database
from tests.sending import Clock
from tests.vip.talk import Talk, settings_with


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of turns and calls, which stands until it is set."""
    clock = Clock()
    for module in (bot.conversation, bot.callbacks.calls):
        monkeypatch.setattr(module, "now", clock.now)
    return clock


@pytest.fixture
def talk(sqlite: Database, content: Content, tmp_path: Path, standing: Clock) -> Talk:  # noqa: ARG001 - its turns
    """Ann, who is gold."""
    return Talk(sqlite, content, settings_with(tmp_path), Calendar("always", ZoneInfo("Europe/Berlin"), always=True))


@pytest.fixture
def calls(talk: Talk) -> Calls:
    """What agents do with the calls of the talk."""
    return Calls(talk.database, talk.content.answers, talk.booking)
