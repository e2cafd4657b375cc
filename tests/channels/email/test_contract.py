from __future__ import annotations

from tests.channels.contract import Contract


class TestEmail(Contract):
    """What every channel keeps, over IMAP and SMTP."""
