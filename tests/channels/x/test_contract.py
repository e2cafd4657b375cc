from __future__ import annotations

from tests.channels.contract import Contract


class TestX(Contract):
    """Persons write us direct messages."""
