"""The days a report is about, in the time zone of the desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.errors import Refused
from bot.store.reporting import Day

#: Days a report may be about, where nobody says which; the first stands for who says nothing.
CHOICES = (7, 30, 90)

#: Days of the longest report.
LONGEST = 366

#: Days after a report's last in which an answer still counts.
ANSWERED_WITHIN = 7

ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included."""

    first: date
    last: date

    def __len__(self) -> int:
        return (self.last - self.first).days + 1


def period(days: str, first: str, last: str, today: date) -> Period:
    """The period that an address asks for: two dates as 2026-03-01, or the last so many days, today included.

    Raises `Refused`.
    """
    try:
        if first or last:
            ends = date.fromisoformat(last) if last else today
            found = Period(date.fromisoformat(first) if first else ends - (CHOICES[0] - 1) * ONE, ends)
        else:
            found = Period(today - (int(days or CHOICES[0]) - 1) * ONE, today)
    except (ValueError, OverflowError) as error:
        raise Refused("a period is written as days=30, or as from=2026-03-01 and to=2026-03-31") from error
    # Where a zone is ahead of UTC the first days there are have no beginning.
    if not (date(1970, 1, 2) <= found.first <= found.last <= date(9990, 1, 1)) or len(found) > LONGEST:
        raise Refused(f"a period ends after it begins and has at most {LONGEST} days")
    return found


def days_of(period: Period, zone: tzinfo) -> list[Day]:
    """Each day with the instants it begins and ends at: 23 or 25 hours long where the clocks change."""
    return list(_days(period.first, len(period), zone))


def days_after(period: Period, zone: tzinfo, today: date) -> list[Day]:
    """The days behind the period in which an answer still counts, as far as they have come."""
    count = min(ANSWERED_WITHIN, max((today - period.last).days, 0))
    return list(_days(period.last + ONE, count, zone))


def _days(first: date, count: int, zone: tzinfo) -> Iterator[Day]:
    for number in range(count):
        day = first + number * ONE
        yield Day(day, _begin(day, zone), _begin(day + ONE, zone))


def _begin(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
