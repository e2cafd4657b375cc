"""How often the page is asked for."""

from __future__ import annotations

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from bot.ticket_page.form import Unusable

READS = parse("120/minute")
WRITES = parse("10/10 minutes")

#: Tokens that are none, from one address. Whoever has a link is not counted: an office shares an address.
GUESSES = parse("30/minute")


class Pace:
    """Counts in this process."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def read(self, token: str) -> bool:
        """Somebody with the link looks at the page; False where that is too often."""
        return self._limiter.hit(READS, "read", token)

    def write(self, token: str) -> None:
        """Somebody with the link adds something. Raises `Unusable` where that is too often."""
        if not self._limiter.hit(WRITES, "write", token):
            raise Unusable("too_fast")

    def guess(self, address: str) -> bool:
        """Somebody has no link; False where that is too often."""
        return self._limiter.hit(GUESSES, "guess", address)
