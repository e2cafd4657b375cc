"""What is said to everybody on Discord."""

from __future__ import annotations

from tests.channels.announcements import Announcements, square

__all__ = ["square"]


class TestDiscord(Announcements):
    """Nothing is left out."""
