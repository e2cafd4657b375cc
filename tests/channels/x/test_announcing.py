"""What is said to everybody on X."""

from __future__ import annotations

from tests.channels.announcements import Announcements, square

__all__ = ["square"]


class TestX(Announcements):
    """Nothing is left out."""
