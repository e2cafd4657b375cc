"""Pages are shown how long their people wait, and again only when that changed much."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

import bot.routing.telling
from bot.conversation import Content
from bot.routing.places import Expected, Places
from bot.routing.settings import Routing
from bot.routing.telling import Telling, Told, worth_telling
from bot.routing.waiting import Range
from bot.store.database import Database
from bot.store.waits import Onlooker
from channels.memory import Memory
from channels.words import Place
from tests.routing.people import wait_for_human
from tests.samples import ANN, NOW, later, take

MINUTES = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The loop's clock: its last is now."""
    moments = [NOW]
    monkeypatch.setattr(bot.routing.telling, "now", lambda: moments[-1])
    return moments


def telling(database: Database, content: Content, channel: Memory) -> Telling:
    return Telling(database, Places(database, Routing()), {"memory": channel}, content.answers)


async def test_shown_once_and_ended(database: Database, content: Content) -> None:
    """Who waits is shown the place once while it stays the same, and that it is over when a human comes."""
    channel = Memory()
    loop = telling(database, content, channel)
    number = wait_for_human(database)
    for _ in range(2):
        await loop.look()
    assert channel.waits == [(ANN, "You are number 1 in the queue.")]
    take(database, number)
    for _ in range(2):
        await loop.look()
    assert channel.waits[1:] == [(ANN, "")]
    assert channel.sent == []


async def test_shown_again_when_much_has_changed(sqlite: Database, content: Content, at: list[datetime]) -> None:
    """From the fourth place to the second is much; within three minutes nothing is shown again."""
    channel = Memory()
    loop = telling(sqlite, content, channel)
    numbers = [wait_for_human(sqlite, who) for who in ("w", "x", "y", "ann")]
    await loop.look()
    for number in numbers[:2]:
        take(sqlite, number)
    await loop.look()
    mine = [text for place, text in channel.waits if place.handle == "ann"]
    assert mine == ["You are number 4 in the queue."]
    at.append(later(180))
    await loop.look()
    mine = [text for place, text in channel.waits if place.handle == "ann"]
    assert mine == ["You are number 4 in the queue.", "You are number 2 in the queue."]


class Broken(Memory):
    """Falls over at the first person."""

    async def waiting(self, place: Place, text: str) -> None:
        if place.handle == "ann":
            raise RuntimeError("a fault of the channel")
        await super().waiting(place, text)


async def test_fault_of_a_channel_keeps_nobody_else(sqlite: Database, content: Content) -> None:
    """Whoever comes after is shown theirs, and the log says what happened."""
    channel = Broken()
    for who in ("ann", "bob"):
        wait_for_human(sqlite, who)
    with capture_logs() as logs:
        await telling(sqlite, content, channel).look()
    assert [place.handle for place, _ in channel.waits] == ["bob"]
    assert [line["event"] for line in logs] == ["waiting_fault"]


@pytest.mark.parametrize(
    ("before", "after", "minutes", "worth"),
    [
        (Expected(3, Range(10, 20)), Expected(2, Range(15, 30)), 60, False),
        (Expected(3, Range(10, 20)), Expected(2, Range(5, 10)), 60, True),
        (Expected(3, Range(10, 20)), Expected(2, Range(5, 10)), 2, False),
        (Expected(3, Range(10, 20)), Expected(2, Range(5, 10)), -60, True),
        (Expected(3), Expected(3, back_at=NOW), 60, True),
        (Expected(3, back_at=NOW), Expected(1, back_at=NOW), 60, False),
        (Expected(3), Expected(2), 60, False),
        (Expected(4), Expected(2), 60, True),
        (Expected(2), Expected(4), 60, True),
    ],
    ids=["overlaps", "apart", "too soon", "a clock put back", "closed", "still closed", "near", "half", "double"],
)
def test_what_is_worth_telling(before: Expected, after: Expected, minutes: float, worth: bool) -> None:  # noqa: FBT001 - a row of the table
    """Ranges without anything in common, an opening or a closing, half or twice the place; never within minutes."""
    where = Onlooker(1, "memory", ANN, "en", "FD-1001")
    assert worth_telling(Told(where, before, NOW), after, NOW + minutes * MINUTES) is worth
    assert worth_telling(None, after, NOW)
