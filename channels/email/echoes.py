"""Tells a machine that answers without saying that it is one: by the same words, over and over."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from time import monotonic

from channels.words import Inbound

#: Seconds the same words are counted for, and senders with their words that are remembered.
WINDOW = 3600.0
MOST = 10_000


class Echoes:
    """Counts mails with the same words from the same sender; the same mail delivered again counts once.

    Files are nobody's echo: who sends twenty pictures without a word is a person.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._heard: OrderedDict[tuple[str, str], dict[str, float]] = OrderedDict()

    def too_many(self, said: Inbound) -> bool:
        """Whether this one goes beyond `most` within the window."""
        if said.attachments:
            return False
        now = monotonic()
        words = sha256(" ".join(said.text.split()).encode("utf-8", "replace")).hexdigest()
        key = (said.place.handle, words)
        recent = {event: at for event, at in self._heard.pop(key, {}).items() if now - at < WINDOW}
        if said.event_id in recent or len(recent) < self._most:
            recent.setdefault(said.event_id, now)
            beyond = False
        else:
            beyond = True
        self._heard[key] = recent
        while len(self._heard) > MOST:
            self._heard.popitem(last=False)
        return beyond
