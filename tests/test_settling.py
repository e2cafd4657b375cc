"""That a conversation is solved is told to its platform, as often as it takes; what came last counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import pytest

import bot.settling
from bot.settling import TRIED_FOR, Settling
from bot.store import handling, settling
from bot.store.database import Database
from bot.store.settling_tables import Settling as Row
from channels.errors import MayHaveArrived, Never, TryAgain
from channels.memory import Memory
from channels.words import Place
from tests.samples import ANN, NOW, answer, escalated, inbound, later, notice, rows, until
from tests.sending import Clock


class Telling(Memory):
    """Raises the next of `refusals` instead of keeping what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals: list[Exception] = []

    async def settled(self, place: Place, *, solved: bool) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        await super().settled(place, solved=solved)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time, which stands; and looks in quick succession."""
    clock = Clock()
    monkeypatch.setattr(bot.settling, "now", clock.now)
    monkeypatch.setattr(bot.settling, "LOOK", 0.01)
    return clock


@asynccontextmanager
async def telling(database: Database, channel: Memory) -> AsyncIterator[None]:
    task = asyncio.create_task(Settling(database, {"memory": channel}).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def tried(database: Database, times: int) -> bool:
    return rows(database, Row)[0].tries == times


def solve(database: Database, number: str) -> None:
    database.transact(handling.hand_back, number, "Anna", "solved", notice, NOW)


@pytest.mark.usefixtures("watch")
async def test_what_came_last_is_told(database: Database) -> None:
    """Opened and solved before anybody looked, a conversation is solved; opened again, it is not."""
    solve(database, escalated(database).number)
    channel = Telling()
    async with telling(database, channel):
        await until(lambda: channel.settlings == [(ANN, True)])
        escalated(database, inbound("again", "e2"))
        await until(lambda: channel.settlings[1:] == [(ANN, False)])
        await until(lambda: not rows(database, Row))


async def test_vain_tries_are_repeated(database: Database, watch: Clock) -> None:
    """Whatever is not final is tried again, later each time, a fault of the channel's own too."""
    solve(database, escalated(database).number)
    channel = Telling()
    channel.refusals = [TryAgain("busy"), MayHaveArrived("cut"), ZeroDivisionError()]
    async with telling(database, channel):
        for tries in (1, 2, 3):
            await until(partial(tried, database, tries))
            [row] = rows(database, Row)
            assert row.due_at - watch.at == timedelta(seconds=2**tries)
            watch.at = row.due_at
        await until(lambda: not rows(database, Row))
    assert channel.settlings == [(ANN, True)]


@pytest.mark.parametrize("refusal", [Never("gone"), TryAgain("busy")])
async def test_nothing_is_tried_for_ever(database: Database, watch: Clock, refusal: Exception) -> None:
    """What will never be shown is told once; what could be, for a day."""
    solve(database, escalated(database).number)
    watch.at += TRIED_FOR + timedelta(seconds=1)
    channel = Telling()
    channel.refusals = [refusal]
    async with telling(database, channel):
        await until(lambda: not rows(database, Row))
    assert channel.settlings == []


def test_news_is_not_lost_to_an_older_answer(database: Database) -> None:
    """What changes while a platform is being told stays to be told."""
    solve(database, escalated(database).number)
    [standing] = database.transact(settling.due, ["memory"], NOW, 8)
    database.transact(settling.settle, standing.conversation_id, later(1), solved=False)
    database.transact(settling.told, standing)
    database.transact(settling.put_off, standing, later(99))
    [news] = database.transact(settling.due, ["memory"], later(1), 8)
    assert (news.solved, news.tries) == (False, 0)
    assert database.transact(settling.due, ["other"], later(1), 8) == []


def test_help_solves_only_what_no_human_has(database: Database) -> None:
    """An answer that helped solves a conversation without a ticket, and leaves one with an open ticket alone."""
    answer(database, inbound("thanks"), "Glad.", helped=True)
    assert [row.solved for row in rows(database, Row)] == [True]
    ticket = escalated(database, inbound("a human!", "e2"))
    database.transact(handling.hand_back, ticket.number, "Anna", "released", notice, NOW)
    answer(database, inbound("thanks", "e3"), "Glad.", helped=True)
    assert [row.solved for row in rows(database, Row)] == [False]
