"""Reads updates without ever confirming one that is not on disk.

Telegram forgets an update once a later offset is asked for, so the offset moves only behind what is delivered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from channels.base import Host
from channels.telegram.addressed import Me
from channels.telegram.arrivals import Arrivals
from channels.telegram.client import Client
from channels.telegram.parse import album

#: Seconds a poll waits for news.
LONG = 25
#: Seconds after which an album that has not grown is whole.
QUIET = 0.6

Key = tuple[int, str]


class Polling:
    """One bot's updates, in order."""

    def __init__(self, client: Client, arrivals: Arrivals, host: Host, me: Me) -> None:
        self._client = client
        self._arrivals = arrivals
        self._host = host
        self._me = me
        self._offset: int | None = None
        #: How many parts of each waiting album were there at the last look.
        self._parts: dict[Key, int] = {}
        #: Parts of albums that were delivered before their turn.
        self._early: set[int] = set()

    async def begin(self) -> None:
        """Goes on where the last run stopped. Raises `NotStored`."""
        kept = await self._host.cursor(self._me.account)
        self._offset = int(kept) if kept and kept.isascii() and kept.isdecimal() else None

    async def round(self) -> None:
        """One look at Telegram. Raises `TelegramError`, and `NotStored` with the offset behind what is delivered."""
        updates = await self._client.updates(self._offset, 0 if self._parts else LONG)
        self._host.listening(self._me.account)
        before = self._offset
        try:
            whole = await self._deliver(updates)
        finally:
            if self._offset != before:
                await self._host.keep_cursor(self._me.account, str(self._offset))
        if not whole:
            await asyncio.sleep(QUIET)

    async def _deliver(self, updates: Sequence[Any]) -> bool:
        """Whether that was all: the first album that may still grow ends it, and is asked for again."""
        albums = _albums(updates)
        grown = {key: len(parts) for key, parts in albums.items() if self._parts.get(key) != len(parts)}
        self._parts = {key: len(parts) for key, parts in albums.items()}
        for update in updates:
            key = album(update)
            if key in grown:
                return False
            number = _number(update)
            if number not in self._early:
                await self._arrivals.take(albums[key] if key else [update], self._me, self._host)
                self._early.update(filter(None, map(_number, albums[key] if key else ())))
            if number is not None:
                self._early.discard(number)
                self._offset = number + 1
            if key:
                self._parts.pop(key, None)
        return True


def _albums(updates: Sequence[Any]) -> dict[Key, list[Any]]:
    found: dict[Key, list[Any]] = {}
    for update in updates:
        key = album(update)
        if key:
            found.setdefault(key, []).append(update)
    return found


def _number(update: Any) -> int | None:
    """The number of an update; one without cannot be confirmed, and the next one does it.

    Telegram begins anew at a random number after a week without updates, so a lower one is no mistake.
    """
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if isinstance(number, int) else None
