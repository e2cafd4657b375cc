"""When somebody can be called. Pure; times are aware UTC, durations are time that really passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.dates import format_skeleton, get_timezone_gmt, get_timezone_location

from bot.sla.calendar import Calendar

DAY_MINUTES = 24 * 60

#: What CLDR calls a territory that is no country.
NOWHERE = ("ZZ", "001")

#: How a slot is written: weekday and day, hour and minute, each in the order of the language.
DATE, TIME = "MMMEd", "Hm"


def free(
    calendar: Calendar, after: datetime, until: datetime, length: timedelta, taken: Mapping[datetime, int], seats: int
) -> Iterator[datetime]:
    """Beginnings of slots from `after` up to `until` with a seat left, soonest first.

    They begin where the wall clock of the calendar shows a multiple of `length` counted from midnight, and are open
    from beginning to end. `taken` counts the seats that are gone. An hour that the clock leaves out has no slots, one
    that it shows twice has them twice.
    """
    at = aligned(after, calendar.zone, length)
    while at < until:
        if not calendar.is_open(at):
            opens = calendar.opens_at(at)
            if opens is None:
                return
            at = aligned(opens, calendar.zone, length)
            continue
        if fits(calendar, at, length) and taken.get(at, 0) < seats:
            yield at
        at = aligned(at + length, calendar.zone, length)


def fits(calendar: Calendar, at: datetime, length: timedelta) -> bool:
    """Whether people are at work from `at` on for `length`."""
    return calendar.is_open(at) and calendar.add(at, length) == at + length


def aligned(at: datetime, zone: tzinfo, length: timedelta) -> datetime:
    """The first whole minute from `at` on, in UTC, at which the wall clock shows a multiple of `length`."""
    step = int(length / timedelta(minutes=1))
    minute = at.astimezone(UTC) + timedelta(seconds=59, microseconds=999_999)
    minute = minute.replace(second=0, microsecond=0)
    while True:
        wall = minute.astimezone(zone)
        passed = wall.hour * 60 + wall.minute
        if passed % step == 0:
            return minute
        # Not beyond midnight, where the count begins anew; nor beyond a change of the clock, which the next look sees.
        minute += timedelta(minutes=min(step - passed % step, DAY_MINUTES - passed))


def written(at: datetime, zone: str, language: str) -> str:
    """The slot on the wall clock of `zone`, with what that is ahead of UTC: Tue, Mar 3 10:00 GMT+01:00."""
    wall = at.astimezone(ZoneInfo(zone))
    shown = " ".join(format_skeleton(part, wall, locale=language) for part in (DATE, TIME))
    return f"{shown} {get_timezone_gmt(wall, 'long', locale=language)}"


def zone_name(zone: str, language: str) -> str:
    """The zone in words: China (Shanghai) Time; one of no country by its IANA name."""
    nowhere = get_global("zone_territories").get(zone, NOWHERE[0]) in NOWHERE
    return zone if nowhere else get_timezone_location(ZoneInfo(zone), locale=language)
