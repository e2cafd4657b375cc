"""What is said to everybody on Telegram."""

from __future__ import annotations

from tests.channels.announcements import Announcements, square

__all__ = ["square"]


class TestTelegram(Announcements):
    """Nothing is left out."""
