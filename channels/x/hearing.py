"""An account is heard while each of its lanes is: direct messages, mentions."""

from __future__ import annotations

from channels.base import Host


class Hearing:
    """Tells the host how the account `account` is, from how its lanes are."""

    def __init__(self, host: Host, account: str) -> None:
        self._host, self._account = host, account
        self._unheard: set[str] = set()

    def listening(self, lane: str) -> None:
        """The lane is heard."""
        self._unheard.discard(lane)
        if not self._unheard:
            self._host.listening(self._account)

    def trouble(self, lane: str, reason: str) -> None:
        """The lane is not."""
        self._unheard.add(lane)
        self._host.trouble(self._account, f"{lane}: {reason}")
