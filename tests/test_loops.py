"""Loops that run beside the app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

import bot.loops
from bot.errors import StorageDown
from bot.loops import every, rest
from bot.metrics import LOOP_FAULTS
from bot.routing.view import overview
from bot.store import call_outcomes, changing, clocks, mirroring, outbox, ratings, settling, turns, waits
from bot.store.database import Database, Session
from bot.store.presence import Patience
from bot.store.routing import stranded
from tests.plans import steps
from tests.samples import NOW, escalated

#: Longer than any test waits.
NEVER = 3600.0

#: Tables that grow with every customer: a look that reads one of them whole costs more every day.
GROWING = ("address", "contact", "conversation", "message", "ticket", "ticketconversation", "ticketevent")

WAITED = timedelta(minutes=5)
PATIENCE = Patience(away=WAITED, gone=WAITED, back=WAITED, answer=WAITED)
HERE = ["memory"]

#: What loops ask again and again.
ASKED: Mapping[str, Callable[[Session], object]] = {
    "calls nobody made": lambda session: call_outcomes.astray(session, WAITED, NOW),
    "clocks": lambda session: clocks.due(session, NOW, 9),
    "old tickets": lambda session: changing.close_old(session, NOW, NOW, 9),
    "people who wait": lambda session: waits.onlookers(session, HERE),
    "queue and desk": overview,
    "ratings": lambda session: ratings.candidates(session, HERE, NOW - WAITED, NOW, 9),
    "rooms": lambda session: mirroring.due(session, "memory"),
    "sends": lambda session: outbox.claim(session, HERE, NOW, 9),
    "solved": lambda session: settling.due(session, HERE, NOW, 9),
    "tickets of agents who are gone": lambda session: stranded(session, PATIENCE, NOW),
    "turns": lambda session: turns.ready(session, HERE, NOW, 9),
}


class Looks:
    """Answers looks with what it was given, raising what is an error, and ends the loop after the last."""

    def __init__(self, *found: bool | Exception) -> None:
        self._found: Iterator[bool | Exception] = iter(found)
        self.done = 0

    async def __call__(self) -> bool:
        found = next(self._found, None)
        if found is None:
            raise asyncio.CancelledError
        self.done += 1
        if isinstance(found, Exception):
            raise found
        return found


async def test_what_a_look_left_is_done_at_once() -> None:
    """Looks follow one another without a rest while there is more."""
    looks = Looks(True, True)
    with pytest.raises(asyncio.CancelledError):
        await every(NEVER, looks, "looking")
    assert looks.done == 2


async def test_a_loop_rests_where_nothing_is_left() -> None:
    """After a look that left nothing no other follows before the time."""
    looks = Looks(False, True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(every(NEVER, looks, "looking"), 0.01)
    assert looks.done == 1


async def test_a_loop_outlives_its_database() -> None:
    """It is told what could not be done, and the next look comes."""
    looks = Looks(StorageDown("locked"), False)
    with capture_logs() as logs, pytest.raises(asyncio.CancelledError):
        await every(0, looks, "looking")
    assert looks.done == 2
    assert [(line["event"], line["doing"], line["reason"]) for line in logs] == [("storage_down", "looking", "locked")]


async def test_a_fault_ends_no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged with where it was, counted, and the next look comes after a while."""
    before = LOOP_FAULTS.labels("looking")._value.get()
    monkeypatch.setattr(bot.loops, "AFTER_FAULT", 0.001)
    looks = Looks(ZeroDivisionError(), False)
    with capture_logs() as logs, pytest.raises(asyncio.CancelledError):
        await every(0, looks, "looking")
    assert looks.done == 2
    [line] = logs
    assert (line["event"], line["doing"], line["exc_info"]) == ("loop_fault", "looking", True)
    assert LOOP_FAULTS.labels("looking")._value.get() == before + 1


async def test_a_rest_ends_when_woken_or_in_time() -> None:
    """Whichever comes first."""
    wake = asyncio.Event()
    await rest(wake, 0.001)
    wake.set()
    await asyncio.wait_for(rest(wake, NEVER), 1)


@pytest.mark.parametrize("asked", ASKED)
def test_a_look_reads_what_is_due_alone(sqlite: Database, asked: str) -> None:
    """Every query that loops repeat is answered from an index, however many tickets there are."""
    escalated(sqlite)
    found = steps(sqlite, lambda: sqlite.transact(ASKED[asked]))
    assert found
    assert [step for step in found if step.startswith("SCAN") and step.split()[1] in GROWING] == []
