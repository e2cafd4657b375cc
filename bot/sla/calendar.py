"""When people are at work. Open is what the clock on the wall there says; durations are time that really passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

#: Minutes of a day on the wall, from the first that is open to the one after the last: (540, 1020) is 09:00 to 17:00.
Period = tuple[int, int]
#: From an instant to another, both UTC; the second one is closed.
Span = tuple[datetime, datetime]

DAY = timedelta(days=1)

#: A calendar that opens no sooner than this is taken for one that never does.
HORIZON = timedelta(days=731)

#: A deadline later than this after its beginning is none.
LATEST = timedelta(days=3653)

#: UTC days whose opening hours a calendar keeps in mind.
REMEMBERED = 2048


class Calendar:
    """Business hours in one time zone.

    An instant is open where the wall clock of `zone` shows a time within a period of its day. So on the day the clocks
    go forward a period that spans the change is shorter, and one that lies in the gap is not there; on the day they go
    back what is shown twice counts twice. A period's last minute is open to its end: 09:00-24:00 is open at 23:59:59.

    `week` has the periods of Monday to Sunday. `exceptions` stand in their place on single days, also on holidays;
    `closed` tells holidays. `always` is open at every instant, whatever else is given.
    """

    def __init__(
        self,
        name: str,
        zone: tzinfo,
        week: Sequence[Sequence[Period]] = ((),) * 7,
        exceptions: Mapping[date, Sequence[Period]] | None = None,
        closed: Callable[[date], bool] = lambda _: False,
        *,
        always: bool = False,
    ) -> None:
        self.name = name
        self.zone = zone
        self.always = always
        self._week = [sorted(periods) for periods in week]
        self._exceptions = {day: sorted(periods) for day, periods in (exceptions or {}).items()}
        self._closed = closed
        self._open = lru_cache(REMEMBERED)(self._spans)

    @property
    def day(self) -> timedelta:
        """What "1d" means here: the mean of its open weekdays, or of its exceptions where no weekday is open."""
        if self.always:
            return DAY
        days = [day for day in self._week if day] or [day for day in self._exceptions.values() if day]
        minutes = sum(end - start for day in days for start, end in day)
        return timedelta(minutes=round(minutes / len(days))) if days else timedelta()

    def is_open(self, at: datetime) -> bool:
        """Whether people are at work at `at`."""
        # In UTC: in zones of their own, moments that a clock shows twice equal nothing.
        at = at.astimezone(UTC)
        return self.opens_at(at, within=timedelta()) == at

    def opens_at(self, at: datetime, within: timedelta = HORIZON) -> datetime | None:
        """The first open instant from `at` on, in UTC; None where there is none `within` that time."""
        at = at.astimezone(UTC)
        for start, end in self._from(at, at + within):
            if end > at:
                opens = max(start, at)
                return opens if opens <= at + within else None
        return None

    def add(self, start: datetime, business: timedelta) -> datetime | None:
        """The first instant with `business` open time between `start` and it, in UTC; `start` itself for none.

        That is a day's end, not the next day's beginning. None where it is closed for two years at a stretch before, or
        only ten years later.
        """
        at, rest = start.astimezone(UTC), business
        if self.always:
            return at + max(rest, timedelta())
        while rest > timedelta():
            opens = self.opens_at(at)
            if opens is None or opens - start > LATEST:
                return None
            end = next(end for _, end in self._from(opens, opens) if end > opens)
            at = min(end, opens + rest)
            rest -= at - opens
        return at

    def between(self, a: datetime, b: datetime) -> timedelta:
        """The open time from `a` to `b`; none where `b` is not later."""
        a, b = a.astimezone(UTC), b.astimezone(UTC)
        if self.always:
            return max(b - a, timedelta())
        spans = self._from(a, b)
        return sum((max(min(end, b) - max(start, a), timedelta()) for start, end in spans), timedelta())

    def _from(self, a: datetime, b: datetime) -> Iterator[Span]:
        """The open spans of every UTC day from that of `a` to that of `b`, in order."""
        for number in range(a.toordinal(), b.toordinal() + 1):
            yield from self._open(date.fromordinal(number))

    def _spans(self, day: date) -> tuple[Span, ...]:
        midnight = datetime.combine(day, time(), UTC)
        if self.always:
            return ((midnight, midnight + DAY),)
        return tuple(
            (start - offset, end - offset)
            for begin, until, offset in stretches(self.zone, day)
            for start, end in self._shown(begin + offset, until + offset)
        )

    def _shown(self, a: datetime, b: datetime) -> Iterator[Span]:
        """The open parts of what the wall clock runs through from `a` to `b`, which here are times on the wall."""
        for number in range(a.toordinal(), b.toordinal() + 1):
            day = date.fromordinal(number)
            midnight = datetime.combine(day, time(), UTC)
            for first, last in self._periods(day):
                start = max(midnight + timedelta(minutes=first), a)
                end = min(midnight + timedelta(minutes=last), b)
                if start < end:
                    yield start, end

    def _periods(self, day: date) -> Sequence[Period]:
        if day in self._exceptions:
            return self._exceptions[day]
        return () if self._closed(day) else self._week[day.weekday()]


@lru_cache(REMEMBERED)
def stretches(zone: tzinfo, day: date) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """The parts of a UTC day in each of which `zone` is ahead of UTC by one offset: one, or two where it changes.

    No zone changes twice within a day.
    """
    start = datetime.combine(day, time(), UTC)
    end = start + DAY
    if _ahead(zone, start) == _ahead(zone, end):
        return ((start, end, _ahead(zone, start)),)
    change = _change(zone, start, end)
    return ((start, change, _ahead(zone, start)), (change, end, _ahead(zone, end)))


def _change(zone: tzinfo, a: datetime, b: datetime) -> datetime:
    """The first second after `a` at which the offset is that of `b`."""
    while b - a > timedelta(seconds=1):
        middle = a + timedelta(seconds=(b - a) // timedelta(seconds=2))
        a, b = (middle, b) if _ahead(zone, middle) == _ahead(zone, a) else (a, middle)
    return b


def _ahead(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


#: The one that is there without being configured.
ALWAYS = Calendar("always", ZoneInfo("UTC"), always=True)
