"""How often somebody may try to sign in: by network address, by account, and by both."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

#: One address at one account; a person who forgot their password.
PAIR = parse("5/5minutes")
#: One address at all accounts; an office behind one address.
ADDRESS = parse("50/5minutes")
#: All addresses at one account; high, since whoever reaches it locks the agent out for a while.
ACCOUNT = parse("50/hour")
#: What holds once; longer than any of it is good for.
ONCE = parse("1/15minutes")


class Tries:
    """Counts tries in this process."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def take(self, address: str, account: str) -> bool:
        """Counts a try of `account` from `address`; False where there were too many, and it must not be made."""
        return all(self._limiter.hit(limit, *key) for limit, key in _keys(address, account))

    def knock(self, address: str) -> bool:
        """Counts a try from `address` that names no account; False where there were too many."""
        return self._limiter.hit(ADDRESS, "address", _network(address))

    def first(self, word: str) -> bool:
        """Whether `word` comes for the first time. It must be hard to guess, and be over after ten minutes."""
        return self._limiter.hit(ONCE, "once", word)

    def forgive(self, address: str, account: str) -> None:
        """The try succeeded: the ones before it were somebody's own typing."""
        self._limiter.clear(PAIR, "pair", *_pair(address, account))


def _keys(address: str, account: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
    network, who = _pair(address, account)
    # The address first: it can name only so many accounts, and only so many are kept in mind.
    return [(ADDRESS, ("address", network)), (PAIR, ("pair", network, who)), (ACCOUNT, ("account", who))]


def _pair(address: str, account: str) -> tuple[str, str]:
    return _network(address), account.strip().casefold()[:254]


def _network(address: str) -> str:
    """One home has one IPv4 address or 2^64 IPv6 addresses."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(int(found) >> 64) if isinstance(found, IPv6Address) and not found.ipv4_mapped else str(found)
