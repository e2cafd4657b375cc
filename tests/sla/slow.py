"""The slow, obvious reference: half hours, one after the other, each open or not, each counted or not.

It shares nothing with the code it judges: the wall clock is asked for every half hour, and states are a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.sla.calendar import Calendar, Period
from bot.sla.clocks import Did

TICK = timedelta(minutes=30)

#: A zone, and a moment not long before its clocks change: forward, back, by half an hour, at
#: midnight, over a whole day; and two that never change.
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 28, 6, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 24, 6, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 7, 12, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 10, 31, 12, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 0, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 0, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 11, 3, 6, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 2, 17, 6, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 29, 12, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2026, 5, 1, 0, 15, tzinfo=UTC)),
    ("UTC", datetime(2026, 2, 27, 0, tzinfo=UTC)),
]


@dataclass(frozen=True)
class Hours:
    """A calendar as plain data."""

    zone: ZoneInfo
    week: Sequence[Sequence[Period]]
    exceptions: Mapping[date, Sequence[Period]]
    holidays: frozenset[date]
    always: bool

    def fast(self) -> Calendar:
        """The one that is judged."""
        return Calendar("any", self.zone, self.week, self.exceptions, self.holidays.__contains__, always=self.always)

    def open(self, at: datetime) -> bool:
        """What the clock on the wall says at `at`."""
        wall = at.astimezone(self.zone)
        day, minute = wall.date(), 60 * wall.hour + wall.minute
        if self.always:
            return True
        periods = self.exceptions[day] if day in self.exceptions else self.week[day.weekday()]
        if day in self.holidays and day not in self.exceptions:
            return False
        return any(first <= minute < last for first, last in periods)


def periods(luck: Random) -> list[Period]:
    """Some periods of a day, in no order, that may touch and do not overlap; often none."""
    borders = [30 * number for number in sorted(luck.sample(range(49), luck.choice([0, 2, 2, 4, 4, 6])))]
    found = list(zip(borders[::2], borders[1::2], strict=True))
    if len(found) > 1 and luck.random() < 0.5:
        found.append((borders[1], borders[2]))
    luck.shuffle(found)
    return found


#: Days to draw from: to have each one drawn by its borders takes longer than all that is done with it.
DAYS = [periods(Random(number)) for number in range(400)]  # noqa: S311 - no secret


def placed(drawn: tuple[int, Sequence[int], Mapping[int, int], Sequence[int], int]) -> tuple[Hours, datetime]:
    """A calendar whose odd days lie around a change of its clocks, and when to begin to look."""
    change, week, exceptions, holidays, odds = drawn
    zone, start = CHANGES[change]

    def day(number: int) -> date:
        return start.date() + timedelta(days=number)

    kept = Hours(
        ZoneInfo(zone),
        [DAYS[one] for one in week],
        {day(number): DAYS[one] for number, one in exceptions.items()},
        frozenset(map(day, holidays)),
        always=odds == 0,
    )
    return kept, start


_shape = st.integers(0, len(DAYS) - 1)
_near = st.integers(-1, 5)
#: Made of numbers alone, once: to put strategies together anew for each example takes longer than the test itself.
CALENDARS = st.tuples(
    st.integers(0, len(CHANGES) - 1),
    st.tuples(*[_shape] * 7),
    st.dictionaries(_near, _shape, max_size=2),
    st.lists(_near, max_size=2),
    st.integers(0, 9),
).map(placed)


#: What a ticket's state becomes; what is not here leaves it.
STATES: dict[tuple[str, Did], str] = {
    **{(state, Did.CALLED): "works" for state in ("paused", "bot", "over")},
    **{(state, Did.REOPENED): "works" for state in ("paused", "bot", "over")},
    **{(state, Did.RESUMED): "works" for state in ("paused", "bot")},
    **{(state, Did.OPENED): "works" for state in ("paused", "bot")},
    **{(state, Did.ASKED): "works" for state in ("paused", "bot")},
    **{(state, Did.ANSWERED): "paused" for state in ("works", "bot")},
    **{(state, Did.PAUSED): "paused" for state in ("works", "bot")},
    **{(state, Did.RELEASED): "bot" for state in ("works", "paused")},
    **{(state, Did.ENDED): "over" for state in ("works", "paused", "bot")},
}

#: A step by the number of its number.
Tick = tuple[int, Did]


@dataclass
class Told:
    """What a clock shows, in half hours since the beginning."""

    since: int | None
    due: int | None
    warn: int | None
    met: int | None
    breached: int | None
    paused: bool
    used: int


def state_after(ticks: Sequence[Tick]) -> str:
    state = "works"
    for _, did in ticks:
        state = STATES.get((state, did), state)
    return state


def heard(ticks: Sequence[Tick]) -> list[Tick]:
    """Without what happens to a ticket that is over and stays so."""
    return [
        (at, did)
        for number, (at, did) in enumerate(ticks)
        if state_after(ticks[:number]) != "over" or did in (Did.CALLED, Did.REOPENED)
    ]


def first_runs(ticks: Sequence[Tick]) -> bool:
    """Whether the first response runs after `ticks`, none of which answers."""
    return [did for _, did in ticks if did is not Did.PAUSED][-1] is not Did.RELEASED


def resolution_runs(ticks: Sequence[Tick]) -> bool:
    return state_after(ticks) == "works"


def round_runs(_: Sequence[Tick]) -> bool:
    """From its question on."""
    return True


@dataclass
class Slow:
    """Clocks by walking through the half hours of `open_`; `amounts` are the warning's and the deadline's."""

    open_: Sequence[bool]
    now: int

    def first(self, ticks: Sequence[Tick], amounts: tuple[int, int]) -> Told:
        before = _until_answer(heard(ticks))
        rest = heard(ticks)[len(before) :]
        return self._told(before, first_runs, amounts, rest[0][0] if rest else None, met=True)

    def resolution(self, ticks: Sequence[Tick], amounts: tuple[int, int]) -> Told:
        live = heard(ticks)
        if state_after(live) != "over":
            return self._told(live, resolution_runs, amounts, None, met=False)
        return self._told(live[:-1], resolution_runs, amounts, live[-1][0], met=True)

    def rounds(self, ticks: Sequence[Tick], amounts: tuple[int, int]) -> list[Told]:
        live = heard(ticks)
        asked, found = None, []
        for at, did in live[len(_until_answer(live)) :]:
            if asked is None and did in (Did.ASKED, Did.CALLED):
                asked = at
            elif asked is not None and did in (Did.ANSWERED, Did.ENDED, Did.RELEASED):
                question, asked = [(asked, Did.ASKED)], None
                found.append(self._told(question, round_runs, amounts, at, met=did is not Did.RELEASED))
        last = [self._told([(asked, Did.ASKED)], round_runs, amounts, None, met=False)] if asked is not None else []
        return found + last

    def _told(
        self,
        ticks: Sequence[Tick],
        runs: Callable[[Sequence[Tick]], bool],
        amounts: tuple[int, int],
        end: int | None,
        *,
        met: bool,
    ) -> Told:
        """The clock that `ticks` start and stop. Met at `end`, it tells when it would have been up."""
        running = self._running(ticks, runs, None if met else end)
        until = self.now if end is None else end
        warn, due = (self._reached(running, amount) for amount in amounts)
        return Told(
            since=ticks[0][0],
            due=due,
            warn=warn,
            met=end if met else None,
            breached=due if due is not None and due < until else None,
            paused=not (end is not None and met) and not running[self.now],
            used=sum(running[number] and self.open_[number] for number in range(until)),
        )

    def _running(
        self, ticks: Sequence[Tick], runs: Callable[[Sequence[Tick]], bool], end: int | None
    ) -> Sequence[bool]:
        """Whether it runs, for each half hour: asked once for each that something happens in."""
        found, past, now = [], [], False
        for number in range(len(self.open_)):
            new = [tick for tick in ticks if tick[0] == number]
            past += new
            now = runs(past) if new else now
            found.append(now and (end is None or number < end))
        return found

    def _reached(self, running: Sequence[bool], amount: int) -> int | None:
        count = 0
        for number, (runs, opens) in enumerate(zip(running, self.open_, strict=True)):
            if runs and count >= amount:
                return number
            count += runs and opens
        return None


def _until_answer(live: Sequence[Tick]) -> Sequence[Tick]:
    answered = [number for number, (_, did) in enumerate(live) if did in (Did.ANSWERED, Did.ENDED)]
    return live[: answered[0]] if answered else live
