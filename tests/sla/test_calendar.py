"""Business hours, one by one: ends of days, changes of the clocks, holidays, calendars that never open."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.sla.calendar import ALWAYS, Calendar

BERLIN = ZoneInfo("Europe/Berlin")
DAYS = [[(540, 1020)]] * 5 + [[], []]
OFFICE = Calendar("office", BERLIN, DAYS)
NIGHT = Calendar("night", BERLIN, [[(0, 24 * 60)]] * 7)


def berlin(day: int, hour: int, minute: int = 0, second: int = 0, *, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=BERLIN)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_the_last_minute_is_open_to_its_end() -> None:
    """23:59:59 is open where the day ends at 24:00, and 16:59:59 where it ends at 17:00; 17:00 is closed."""
    assert NIGHT.is_open(berlin(2, 23, 59, 59))
    assert OFFICE.is_open(berlin(2, 16, 59, 59))
    assert not OFFICE.is_open(berlin(2, 17))
    late = Calendar("late", BERLIN, [[(1380, 1440)]] + [[]] * 6)
    assert late.is_open(berlin(2, 23, 59))
    assert late.between(berlin(2, 0), berlin(3, 12)) == hours(1)


def test_a_whole_day_used_up_ends_with_the_day() -> None:
    """Eight hours from 9:00 are up at 17:00 that day, not at 9:00 of the next; one more second is."""
    assert OFFICE.add(berlin(2, 9), hours(8)) == berlin(2, 17)
    assert OFFICE.add(berlin(2, 9), hours(8) + timedelta(seconds=1)) == berlin(3, 9, 0, 1)


def test_time_goes_on_over_the_weekend() -> None:
    """Two hours from Friday at 16:00 are up on Monday at 10:00; two from Saturday count from Monday."""
    assert OFFICE.add(berlin(6, 16), hours(2)) == berlin(9, 10)
    assert OFFICE.add(berlin(7, 12), hours(2)) == berlin(9, 11)
    assert OFFICE.opens_at(berlin(7, 12)) == berlin(9, 9)
    assert OFFICE.opens_at(berlin(9, 10)) == berlin(9, 10)


def test_a_break_is_closed() -> None:
    """Of two periods a day only they count, and touching ones are one."""
    two = Calendar("two", BERLIN, [[(780, 1020), (540, 750)]] * 7)
    assert two.between(berlin(2, 12), berlin(2, 14)) == hours(1.5)
    assert not two.is_open(berlin(2, 12, 30))
    touching = Calendar("touching", BERLIN, [[(540, 720), (720, 1020)]] * 7)
    assert touching.add(berlin(2, 9), hours(4)) == berlin(2, 13)


@pytest.mark.parametrize(("day", "month", "long"), [(29, 3, 23), (25, 10, 25), (28, 3, 24)])
def test_days_on_which_the_clocks_change_are_as_long_as_they_are(day: int, month: int, long: int) -> None:
    """The day loses or has an hour more: time that really passes."""
    assert NIGHT.between(berlin(day, 0, month=month), berlin(day + 1, 0, month=month)) == hours(long)


def test_a_period_in_the_missing_hour_is_not_there() -> None:
    """02:00-03:00 is shown by no clock on 29 March; the day after it is there."""
    gap = Calendar("gap", BERLIN, [[(120, 180)]] * 7)
    assert gap.between(berlin(29, 0), berlin(29, 12)) == timedelta()
    assert gap.opens_at(berlin(29, 0)) == berlin(30, 2)


def test_what_the_clock_shows_twice_is_open_twice() -> None:
    """02:00-03:00 on 25 October lasts two hours, and 02:30 is open both times."""
    twice = Calendar("twice", BERLIN, [[(120, 180)]] * 7)
    assert twice.between(berlin(25, 0, month=10), berlin(25, 12, month=10)) == hours(2)
    half = berlin(25, 2, 30, month=10)
    assert twice.is_open(half)
    assert twice.is_open(half.replace(fold=1))
    assert half.astimezone(UTC) != half.replace(fold=1).astimezone(UTC)


def test_holidays_are_closed_and_exceptions_stand() -> None:
    """An exception opens a holiday for its own hours, and closes another day where it has none."""
    closed = {date(2026, 3, 3), date(2026, 3, 4)}
    exceptions = {date(2026, 3, 4): [(600, 660)], date(2026, 3, 5): []}
    kept = Calendar("kept", BERLIN, DAYS, exceptions, closed.__contains__)
    assert kept.between(berlin(3, 0), berlin(4, 0)) == timedelta()
    assert kept.between(berlin(4, 0), berlin(5, 0)) == hours(1)
    assert kept.opens_at(berlin(4, 12)) == berlin(6, 9)


def test_always_is_always() -> None:
    """Around the clock, over weekends and changes of the clocks, to the microsecond."""
    at = datetime(2026, 3, 29, 0, 59, 59, 999_999, tzinfo=UTC)
    assert ALWAYS.is_open(at)
    assert ALWAYS.add(at, hours(1000)) == at + hours(1000)
    assert ALWAYS.between(at, at + hours(3)) == hours(3)
    assert ALWAYS.between(at, at - hours(3)) == timedelta()


def test_a_calendar_that_does_not_open_says_so() -> None:
    """Only on a day more than two years away, never again, or a minute a week: None, and no search without end."""
    far = Calendar("far", BERLIN, exceptions={date(2029, 1, 2): [(540, 1020)]})
    assert far.opens_at(berlin(2, 9)) is None
    assert far.add(berlin(2, 9), hours(1)) is None
    assert not far.is_open(berlin(2, 9))
    near = datetime(2027, 6, 1, tzinfo=UTC)
    assert far.opens_at(near) == datetime(2029, 1, 2, 8, tzinfo=UTC)
    assert far.add(near, hours(9)) is None
    rare = Calendar("rare", BERLIN, [[(0, 1)]] + [[]] * 6)
    assert rare.add(berlin(2, 9), hours(24)) is None
    past = Calendar("past", BERLIN, DAYS, closed=lambda _: True)
    assert past.add(berlin(2, 9), hours(1)) is None


def test_a_day_is_what_its_calendar_calls_one() -> None:
    """The mean of the days it is open at all, 24 hours where it always is."""
    assert ALWAYS.day == hours(24)
    assert OFFICE.day == hours(8)
    assert Calendar("short", BERLIN, [[(540, 1020)]] * 4 + [[(540, 780)], [], []]).day == timedelta(minutes=432)
    assert Calendar("fair", BERLIN, exceptions={date(2026, 5, 1): [(600, 900)]}).day == hours(5)
