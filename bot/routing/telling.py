"""Tells people whose platform has a page they look at how long they will wait, when that changed much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.answers import Answers
from bot.conversation import now
from bot.loops import every
from bot.routing.places import Board, Expected, Places, told
from bot.routing.waiting import changed_much
from bot.store import waits
from bot.store.database import Database
from bot.store.waits import Onlooker
from channels.base import Channel

log = structlog.get_logger()

#: Seconds between two looks.
LOOK = 10.0

#: Nobody is told another time within so long.
QUIET = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody was told, and when."""

    where: Onlooker
    expected: Expected
    at: datetime


class Telling:
    """Shows waits on `channels`. What was shown is known to this process alone: after a start it is shown again."""

    def __init__(self, database: Database, places: Places, channels: Mapping[str, Channel], answers: Answers) -> None:
        self._database = database
        self._places = places
        # What others do with it is nothing: nobody has to look for their people.
        self._channels = {
            name: channel for name, channel in channels.items() if type(channel).waiting is not Channel.waiting
        }
        self._answers = answers
        self._told: dict[int, Told] = {}

    async def run(self) -> None:
        """Until cancelled."""
        await every(LOOK, self.look, "telling who waits")

    async def look(self) -> None:
        """One round over everybody in the queue, and those who are not any more."""
        found = await self._database.run(waits.onlookers, self._channels.keys())
        board = await self._places.board(now()) if found else Board((), ())
        waiting = {line.ticket.number: line.expected for line in board.lines}
        here = [onlooker for onlooker in found if onlooker.number in waiting]
        await self._end(here)
        for onlooker in here:
            expected = waiting[onlooker.number]
            if worth_telling(self._told.get(onlooker.conversation_id), expected, now()):
                self._told[onlooker.conversation_id] = Told(onlooker, expected, now())
                await self._show(onlooker, self._words(onlooker, expected))

    async def _end(self, here: Sequence[Onlooker]) -> None:
        for conversation_id in self._told.keys() - {onlooker.conversation_id for onlooker in here}:
            await self._show(self._told.pop(conversation_id).where, "")

    async def _show(self, onlooker: Onlooker, text: str) -> None:
        try:
            await self._channels[onlooker.channel].waiting(onlooker.place, text)
        except Exception:
            # The edge of every channel: its fault must not keep the others from being told.
            log.exception("waiting_fault", channel=onlooker.channel, conversation=onlooker.conversation_id)

    def _words(self, onlooker: Onlooker, expected: Expected) -> str:
        return told(self._answers, onlooker.language or self._answers.languages[0], expected)


def worth_telling(before: Told | None, after: Expected, now: datetime) -> bool:
    """Whether who was told `before` should be told `after` now.

    A range that changed much, people who came or went, or, where no range is known, half or twice the place.
    """
    if before is None:
        return True
    # A clock put back is no reason to keep quiet.
    if timedelta() <= now - before.at < QUIET:
        return False
    was = before.expected
    if (was.back_at is None) != (after.back_at is None) or changed_much(was.wait, after.wait):
        return True
    nearer, further = sorted((was.position, after.position))
    return after.wait is None and after.back_at is None and nearer * 2 <= further
