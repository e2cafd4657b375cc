"""How fast a bot may speak: overall, in a chat, in a group. Telegram names the numbers in its FAQ for bots."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class _Bucket:
    """`most` at once, then `rate` a second."""

    most: float
    rate: float
    left: float
    at: float

    def wait(self, now: float) -> float:
        """Seconds until one more may go."""
        self.left = min(self.most, self.left + (now - self.at) * self.rate)
        self.at = now
        return max(0.0, (1 - self.left) / self.rate)


#: Messages at once and a second, of the whole bot, of a private chat, of a group.
OVERALL = (30.0, 30.0)
PRIVATE = (20.0, 1.0)
GROUP = (20.0, 20 / 60)
#: Chats that are remembered.
MOST_CHATS = 10_000


class Pace:
    """Counts what is sent, and remembers the pauses that Telegram asked for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._overall = _new(OVERALL, clock())
        self._chats: dict[int, _Bucket] = {}
        self._held: dict[int, float] = {}

    def wait(self, chat: int) -> float:
        """Seconds until something may be sent to `chat`; at 0 it counts as sent."""
        now = self._clock()
        here = self._bucket(chat, now)
        wait = max(self._held.get(chat, 0.0) - now, here.wait(now), self._overall.wait(now))
        if wait <= 0:
            here.left -= 1
            self._overall.left -= 1
        return max(0.0, wait)

    def hold(self, chat: int, seconds: float) -> None:
        """Nothing goes to `chat` before that."""
        self._held[chat] = self._clock() + seconds

    def _bucket(self, chat: int, now: float) -> _Bucket:
        if chat not in self._chats:
            if len(self._chats) >= MOST_CHATS:
                self._forget(now)
            self._chats[chat] = _new(PRIVATE if chat > 0 else GROUP, now)
        return self._chats[chat]

    def _forget(self, now: float) -> None:
        """Who may send at once again is as good as new."""
        self._held = {chat: until for chat, until in self._held.items() if until > now}
        self._chats = {chat: kept for chat, kept in self._chats.items() if kept.wait(now) > 0 or kept.left < kept.most}


def _new(size: tuple[float, float], now: float) -> _Bucket:
    most, rate = size
    return _Bucket(most, rate, most, now)
