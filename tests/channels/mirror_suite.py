"""What the suites of staff rooms begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

import bot.delivery
import bot.mirror
from bot.conversation import Content
from bot.settings import Settings
from bot.store.database import Database
from tests.channels.desk import Desk, Room


class Suite:
    """A desk that does not run yet, in no mood to wait."""

    @pytest.fixture(autouse=True)
    def brief(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Pauses as short as a test can bear."""
        monkeypatch.setattr(bot.delivery, "FIRST_PAUSE", 0.1)
        monkeypatch.setattr(bot.mirror, "POLL", 0.05)
        monkeypatch.setattr(bot.mirror, "FIRST_PAUSE", 0.1)
        monkeypatch.setattr(bot.mirror, "REFUSED_PAUSE", 0.2)

    @pytest.fixture
    def desk(self, room: Room, sqlite: Database, settings: Settings, content: Content, tmp_path: Path) -> Desk:
        return Desk(room, sqlite, settings, content, tmp_path)
