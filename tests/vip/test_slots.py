"""When somebody can be called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.callbacks import slots
from bot.callbacks.talk import moment, payload
from bot.sla.calendar import Calendar

BERLIN = ZoneInfo("Europe/Berlin")
HALF = timedelta(minutes=30)


#: Open on weekdays from nine to five.
OFFICE = Calendar("office", BERLIN, [[(9 * 60, 17 * 60)]] * 5 + [[], []])


def always(zone: ZoneInfo) -> Calendar:
    return Calendar("always", zone, always=True)


def walls(after: datetime, count: int, calendar: Calendar, length: timedelta = HALF) -> list[str]:
    """The next slots, on the wall with what that is ahead of UTC."""
    found = slots.free(calendar, after, after + timedelta(days=14), length, {}, 1)
    return [at.astimezone(calendar.zone).strftime("%a %H:%M%z") for at in islice(found, count)]


def test_slots_lie_in_open_hours() -> None:
    """The last one ends when the day does; then comes the next day at work, over a weekend."""
    friday = datetime(2026, 3, 6, 15, 10, tzinfo=UTC)
    assert walls(friday, 2, OFFICE) == ["Fri 16:30+0100", "Mon 09:00+0100"]
    assert walls(friday + HALF, 2, OFFICE) == ["Mon 09:00+0100", "Mon 09:30+0100"]


def test_full_slots_are_passed_over() -> None:
    """One seat taken of one is full, of two is not."""
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    taken = {start: 1}
    for seats, first in ((1, start + HALF), (2, start)):
        assert next(slots.free(OFFICE, start, start + timedelta(days=1), HALF, taken, seats)) == first


def test_the_missing_hour_has_no_slots() -> None:
    """Clocks go from 02:00 to 03:00."""
    night = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert walls(night, 3, always(BERLIN)) == ["Sun 01:30+0100", "Sun 03:00+0200", "Sun 03:30+0200"]


def test_the_hour_that_comes_twice_has_its_slots_twice() -> None:
    """Told apart by what is behind the time, also on the buttons."""
    night = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    assert walls(night, 5, always(BERLIN)) == [
        "Sun 02:00+0200",
        "Sun 02:30+0200",
        "Sun 02:00+0100",
        "Sun 02:30+0100",
        "Sun 03:00+0100",
    ]
    hour = timedelta(hours=1)
    assert slots.written(night, "Europe/Berlin", "en") == "Sun, Oct 25 02:00 GMT+02:00"
    assert slots.written(night + hour, "Europe/Berlin", "en") == "Sun, Oct 25 02:00 GMT+01:00"


def test_office_hours_keep_to_the_wall() -> None:
    """The Monday after the change begins at nine as the Friday before did."""
    friday = datetime(2026, 3, 27, 15, 30, tzinfo=UTC)
    assert walls(friday, 2, OFFICE) == ["Fri 16:30+0100", "Mon 09:00+0200"]


def test_a_calendar_that_never_opens_has_no_slots() -> None:
    """And asking it ends."""
    assert walls(datetime(2026, 3, 2, tzinfo=UTC), 3, Calendar("never", BERLIN)) == []


ZONES = st.sampled_from(["Europe/Berlin", "Asia/Shanghai", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"])
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001 - made aware at once


@settings(max_examples=150, deadline=None)
@given(ZONES, MOMENTS, st.sampled_from([15, 20, 30, 45, 60, 90]))
def test_slots_never_overlap_and_begin_on_the_wall(zone: str, after: datetime, minutes: int) -> None:
    """In any zone, over every change of the clock: on multiples of their length from midnight, each after the other."""
    length, wall = timedelta(minutes=minutes), ZoneInfo(zone)
    found = list(islice(slots.free(always(wall), after, after + timedelta(days=3), length, {}, 1), 40))
    assert found
    assert 0 <= (found[0] - after) / timedelta(minutes=1) < minutes + 60
    for at, following in pairwise(found):
        assert following - at >= length
    for at in found:
        shown = at.astimezone(wall)
        assert (shown.hour * 60 + shown.minute) % minutes == shown.second == 0


@given(MOMENTS)
def test_a_button_says_its_slot(at: datetime) -> None:
    """To the minute; what is no slot's button says none."""
    assert moment(payload(at)) == at.replace(second=0, microsecond=0)


@pytest.mark.parametrize("pressed", [None, "", "call_me", "call_at:", "call_at:soon", "call_at:2026-13-01T00:00Z"])
def test_other_buttons_say_no_slot(pressed: str | None) -> None:
    """Whatever stands in them."""
    assert moment(pressed) is None


@pytest.mark.parametrize(
    ("zone", "language", "name"),
    [
        ("Asia/Shanghai", "en", "China (Shanghai) Time"),
        ("Asia/Shanghai", "zh", "中国（上海）时间"),
        ("UTC", "zh", "UTC"),
    ],
)
def test_zones_have_names(zone: str, language: str, name: str) -> None:
    """Of the country where there is one."""
    assert slots.zone_name(zone, language) == name


@pytest.mark.parametrize("language", ["en", "zh", "de", "fr", "ja", "ru", "ar"])
def test_a_slot_fits_on_a_button(language: str) -> None:
    """Telegram and Discord cut labels over 40 characters."""
    assert len(slots.written(datetime(2026, 9, 30, 22, 30, tzinfo=UTC), "Asia/Kathmandu", language)) <= 40
