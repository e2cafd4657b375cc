"""The open pages of each visitor, and what they have yet to be shown."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from channels.words import Outbound, Shown, Signal

#: Pages one visitor may have open; the oldest makes room.
MOST_PAGES = 10
#: Items a page may be behind. A page further behind is cut off, and catches up from the transcript.
LONGEST_QUEUE = 200
#: Seconds for which a sent message is kept for a page that opens before the core has written down that it was sent.
RECENT = 60.0


@dataclass(frozen=True, slots=True)
class Wait:
    """How long the visitor will wait for a human; "" where they do not."""

    text: str


Item = Outbound | Shown | Signal | Wait


class Page:
    """One open stream of events."""

    def __init__(self) -> None:
        self._items: asyncio.Queue[Item | None] = asyncio.Queue()
        self._ended = False

    def show(self, item: Item) -> None:
        if self._items.qsize() >= LONGEST_QUEUE:
            self.end()
        elif not self._ended:
            self._items.put_nowait(item)

    def end(self) -> None:
        if not self._ended:
            self._items.put_nowait(None)
        self._ended = True

    async def next(self, seconds: float) -> Item | None:
        """The next item; None where the page is to close, at the latest after `seconds`."""
        try:
            return await asyncio.wait_for(self._items.get(), seconds)
        except TimeoutError:
            return None


class Streams:
    """Every open page of one web chat in this process. A visitor nobody listens for has the transcript."""

    def __init__(self) -> None:
        self._pages: defaultdict[str, list[Page]] = defaultdict(list)
        self._recent: deque[tuple[float, Outbound]] = deque(maxlen=1_000)
        self._waits: dict[str, str] = {}

    def publish(self, handle: str, item: Item) -> None:
        if isinstance(item, Outbound):
            self._recent.append((time.monotonic(), item))
        for page in self._pages.get(handle, ()):
            page.show(item)

    def wait(self, handle: str, text: str) -> None:
        """Shows open pages, and those that open later, how long the visitor will wait; "" that they do not."""
        self._waits.pop(handle, None)
        if text:
            self._waits[handle] = text
        self.publish(handle, Wait(text))

    def waits(self, handle: str) -> list[Wait]:
        """What a page that opens shows at once."""
        return [Wait(self._waits[handle])] if handle in self._waits else []

    def recent(self, handle: str) -> list[Outbound]:
        """What was published to `handle` in the last `RECENT` seconds, oldest first."""
        since = time.monotonic() - RECENT
        while self._recent and self._recent[0][0] < since:
            self._recent.popleft()
        return [outbound for _, outbound in self._recent if outbound.place.handle == handle]

    @contextmanager
    def page(self, handle: str) -> Iterator[Page]:
        """Everything published to `handle` from here on reaches the page."""
        page, pages = Page(), self._pages[handle]
        pages.append(page)
        if len(pages) > MOST_PAGES:
            pages[0].end()
        try:
            yield page
        finally:
            pages.remove(page)
            if not pages:
                self._pages.pop(handle, None)

    def close(self) -> None:
        """Ends every open page, so that a server may stop."""
        for pages in self._pages.values():
            for page in pages:
                page.end()
