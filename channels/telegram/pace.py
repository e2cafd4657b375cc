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

    def take(self, now: float) -> float:
        """One more will go: seconds until its turn."""
        self.left = min(self.most, self.left + (now - self.at) * self.rate) - 1
        self.at = now
        return max(0.0, -self.left / self.rate)

    def full(self, now: float) -> bool:
        """Whether it is as good as new."""
        return self.left + (now - self.at) * self.rate >= self.most


#: Messages at once and a second, of the whole bot, of a private chat, of a group.
OVERALL = (30.0, 30.0)
PRIVATE = (20.0, 1.0)
GROUP = (20.0, 20 / 60)
#: Chats and turns that are remembered.
MOST_KNOWN = 10_000
#: Seconds after which nobody comes back for a turn.
FORGOTTEN = 3_600.0


class Pace:
    """Gives each message its turn, and remembers the pauses that Telegram asked for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._overall = _new(OVERALL, clock())
        self._chats: dict[int, _Bucket] = {}
        self._held: dict[int, float] = {}
        #: When the turn of a message is that was told to wait.
        self._turns: dict[str, float] = {}

    def wait(self, chat: int, key: str) -> float:
        """Seconds until the message `key` may go to `chat`; its turn is kept until then. At 0 it counts as sent."""
        now = self._clock()
        turn = self._turns.pop(key, None)
        if turn is None:
            turn = now + max(self._bucket(chat, now).take(now), self._overall.take(now))
        turn = max(turn, self._held.get(chat, 0.0))
        if turn <= now:
            return 0.0
        self._turns[key] = turn
        return turn - now

    def hold(self, chat: int, seconds: float) -> None:
        """Nothing goes to `chat` before that."""
        self._held[chat] = self._clock() + seconds

    def _bucket(self, chat: int, now: float) -> _Bucket:
        if len(self._chats) > MOST_KNOWN or len(self._turns) > MOST_KNOWN:
            self._forget(now)
        return self._chats.setdefault(chat, _new(PRIVATE if chat > 0 else GROUP, now))

    def _forget(self, now: float) -> None:
        self._held = {chat: until for chat, until in self._held.items() if until > now}
        self._chats = {chat: bucket for chat, bucket in self._chats.items() if not bucket.full(now)}
        self._turns = {key: turn for key, turn in self._turns.items() if turn > now - FORGOTTEN}


def _new(size: tuple[float, float], now: float) -> _Bucket:
    most, rate = size
    return _Bucket(most, rate, most, now)
