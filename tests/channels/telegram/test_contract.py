"""The suite every channel passes, against Telegram."""

from __future__ import annotations

from tests.channels.contract import Contract


class TestTelegram(Contract):
    """Nothing is left out but taking a message back: Telegram tells nobody."""
