from __future__ import annotations

import pytest

from tests.channels.contract import Contract
from tests.channels.x.platform import Square
from tests.channels.x.server import Server


class TestX(Contract):
    """Persons write us direct messages."""


class TestPublicX(Contract):
    """Persons mention us in posts."""

    # These take longest, and what they look at does not know private from public.
    test_part_is_not_sent_twice = None  # type: ignore[assignment]
    test_secrets_are_not_logged = None  # type: ignore[assignment]
    test_busy_chat_holds_up_no_other = None  # type: ignore[assignment]
    test_outage_is_caught_up = None  # type: ignore[assignment]
    # test_reading.py has it in public, with the id that was found.
    test_silence_after_a_send_is_never_said_twice = None  # type: ignore[assignment]
    test_login_is_tried = None  # type: ignore[assignment]

    @pytest.fixture
    def peer(self, server: Server) -> Square:
        """The same platform, in public."""
        return Square(server)
