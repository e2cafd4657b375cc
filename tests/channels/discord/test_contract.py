"""The suite every channel passes, against Discord."""

from __future__ import annotations

from tests.channels.contract import Contract


class TestDiscord(Contract):
    """The real library, the real core, and the counterpart on real sockets."""
