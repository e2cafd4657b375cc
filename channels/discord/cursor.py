"""How far each channel is read: channel id -> snowflake of the last message, as one JSON object."""

from __future__ import annotations

import json


class Positions:
    """At most `most` channels; the one without news for longest is forgotten first."""

    def __init__(self, kept: str | None, most: int) -> None:
        self._most = most
        self._last: dict[str, int] = _read(kept)

    def __str__(self) -> str:
        return json.dumps({channel: str(last) for channel, last in self._last.items()}, separators=(",", ":"))

    def __contains__(self, channel: str) -> bool:
        return channel in self._last

    def channels(self) -> list[str]:
        """Those with the newest messages last."""
        return list(self._last)

    def last(self, channel: str) -> int:
        """0 where nothing was read there."""
        return self._last.get(channel, 0)

    @property
    def newest(self) -> int:
        """The newest message read anywhere; 0 without any."""
        return max(self._last.values(), default=0)

    def read(self, channel: str, message: int) -> None:
        """Everything up to `message` is delivered."""
        self._last[channel] = max(self._last.pop(channel, 0), message)
        while len(self._last) > self._most:
            del self._last[next(iter(self._last))]

    def forget(self, channel: str) -> None:
        """There is nothing to be read any more."""
        self._last.pop(channel, None)


def _read(kept: str | None) -> dict[str, int]:
    """Empty for what no run of ours wrote: reading again is harmless, and better than not starting."""
    try:
        found = json.loads(kept or "{}")
        return {str(channel): int(last) for channel, last in found.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
