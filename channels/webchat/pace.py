"""How fast a visitor may write, and how much may come from one address."""

from __future__ import annotations

import time
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from channels.webchat.errors import Code, Refused
from channels.webchat.settings import WebChatSettings
from channels.webchat.tokens import Visitor

#: Bits of an IPv6 address that one customer of a provider cannot choose; below them anybody has billions.
NETWORK = 64


class Pace:
    """The rates of one web chat. Each method raises `Refused` (429) with the seconds to wait.

    A name costs an anonymous visitor nothing, so what is anonymous counts by address as well.
    """

    def __init__(self, settings: WebChatSettings) -> None:
        self._rate = parse(settings.rate)
        self._address_rate = parse(settings.address_rate)
        self._address_sessions = parse(settings.address_sessions)
        # Its asynchronous sister looks through everybody known at every message, with a hop to a thread for each.
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def arrival(self, address: str) -> None:
        """Somebody new and anonymous."""
        self._hit(self._address_sessions, "arrival", address)

    def message(self, visitor: Visitor, address: str) -> None:
        """A message of a visitor's."""
        self._hit(self._rate, "visitor", visitor.handle)
        if not visitor.verified_by:
            self._hit(self._address_rate, "address", address)

    def _hit(self, rate: RateLimitItem, *whom: str) -> None:
        if not self._limiter.hit(rate, *whom):
            window = self._limiter.get_window_stats(rate, *whom)
            raise Refused(429, Code.TOO_FAST, f"more than {rate}", window.reset_time - time.time())


def address(request: Request) -> str:
    """Where a request comes from, as far as one customer has one: an IPv4 address, or the network of an IPv6 one."""
    host = request.client.host if request.client else ""
    try:
        found = ip_address(host)
    except ValueError:
        # A socket of the file system, or a proxy that names its clients in words.
        return host
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or int(found) >> (128 - NETWORK))
    return str(found)
