"""The sections `calendars` and `sla` of config.yaml, as they are written."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal

import holidays
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from bot.priority import PRIORITIES, Priority
from bot.section import Zone
from bot.sla.calendar import Period

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

PERIOD = re.compile(r"(\d{1,2}):([0-5]\d)\s*-\s*(\d{1,2}):([0-5]\d)", re.ASCII)
DURATION = re.compile(r"(?:(\d{1,3})d)?\s*(?:(\d{1,4})h)?\s*(?:(\d{1,6})m)?", re.ASCII)

#: The last minute of a day, as minutes from its first.
MIDNIGHT = 24 * 60

#: The longest promise there can be; a day counts as 24 hours here.
LONGEST = timedelta(days=366)

#: What is done before and at a breach; docs/operator.md says what each is.
Action = Literal["notify", "raise_priority", "reassign", "call_back"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Duration(_Part):
    """Open time: days of the calendar, and minutes."""

    days: int
    minutes: int

    def of(self, day: timedelta) -> timedelta:
        """How long it is where an open day is as long as `day`."""
        return self.days * day + timedelta(minutes=self.minutes)


def _period(text: object) -> object:
    if isinstance(text, tuple):
        return text
    found = PERIOD.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found:
        raise ValueError(f"{text!r} is no period: write 09:00-17:30")
    first, minute, last, until = (int(part) for part in found.groups())
    start, end = 60 * first + minute, 60 * last + until
    if end > MIDNIGHT:
        raise ValueError(f"{text} ends after 24:00")
    if start >= end:
        raise ValueError(f"{text} ends before it begins: past midnight, write 24:00 and go on the next day")
    return start, end


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _apart(periods: Sequence[Period]) -> Sequence[Period]:
    for (_, end), (start, _) in pairwise(sorted(periods)):
        if start < end:
            raise ValueError(
                f"periods overlap: one is open still when another begins, at {start // 60:02}:{start % 60:02}"
            )
    return periods


def _duration(value: object) -> object:
    if isinstance(value, Duration):
        return value
    found = DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or not any(found.groups()):
        raise ValueError(f"{value!r} is no duration: write 15m, 4h, 2d or 1h 30m")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    read = Duration(days=days, minutes=60 * hours + minutes)
    if not timedelta() < read.of(timedelta(days=1)) <= LONGEST:
        raise ValueError(f"{value} is not between a minute and a year")
    return read


def _weekdays(key: str) -> list[int]:
    """Of "mon" or "mon-fri" the numbers, Monday being 0."""
    first, _, last = key.partition("-")
    if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
        raise ValueError(f"{key!r} is no weekday: write {', '.join(WEEKDAYS)}, or two with a dash between: mon-fri")
    numbers = list(range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1))
    if not numbers:
        raise ValueError(f"{key} runs backwards: weeks begin on Monday")
    return numbers


Periods = Annotated[
    tuple[Annotated[Period, BeforeValidator(_period)], ...], BeforeValidator(_listed), AfterValidator(_apart)
]
Lasting = Annotated[Duration, BeforeValidator(_duration)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class HolidaysSection(_Part):
    """Whose public holidays are kept: ISO 3166 codes."""

    country: str
    subdivision: str | None = None

    @model_validator(mode="after")
    def known(self) -> HolidaysSection:
        try:
            self.days()
        except NotImplementedError as error:
            raise ValueError(f"no holidays are known for it: {error}") from error
        return self

    def days(self) -> Container[date]:
        """Every public holiday."""
        return holidays.country_holidays(self.country, subdiv=self.subdivision)


class CalendarSection(_Part):
    """Business hours. `always` is open all the time, and then the other keys but `zone` are errors."""

    zone: Zone = "UTC"
    always: bool = False
    hours: Mapping[str, Periods] = {}
    holidays: HolidaysSection | None = None
    closed: tuple[date, ...] = ()
    exceptions: Mapping[date, Periods] = {}

    @field_validator("hours")
    @classmethod
    def once(cls, hours: Mapping[str, Any]) -> Mapping[str, Any]:
        numbers = [number for key in hours for number in _weekdays(key)]
        twice = sorted({number for number in numbers if numbers.count(number) > 1})
        if twice:
            raise ValueError(f"{', '.join(WEEKDAYS[number] for number in twice)} is there twice")
        return hours

    @model_validator(mode="after")
    def opens(self) -> CalendarSection:
        limits = [self.hours, self.closed, self.exceptions, self.holidays]
        if self.always and any(limits):
            raise ValueError("is open always, and has hours, holidays or closed days all the same")
        if not self.always and not any([*self.hours.values(), *self.exceptions.values()]):
            raise ValueError("has no open hours at all: write some under hours, or always: true")
        return self

    @property
    def week(self) -> list[Sequence[Period]]:
        """The periods of Monday to Sunday."""
        found: list[Sequence[Period]] = [()] * len(WEEKDAYS)
        for key, periods in self.hours.items():
            for number in _weekdays(key):
                found[number] = periods
        return found


class PolicySection(_Part):
    """What is promised to whom. Without `priority`, `category` or `tier` it is for every one of them."""

    priority: Annotated[tuple[Priority, ...], BeforeValidator(_listed)] = ()
    category: Names = ()
    tier: Names = ()
    calendar: str = "always"
    first_response: Lasting
    next_response: Lasting | None = None
    resolution: Lasting | None = None
    #: Share of each clock's time after which it warns.
    warn_at: Annotated[float, Field(gt=0, lt=1)] = 0.75
    on_warning: tuple[Action, ...] = ("notify",)
    on_breach: tuple[Action, ...] = ("notify",)


#: What is promised where nothing is configured.
DEFAULTS: Mapping[str, PolicySection] = {
    priority: PolicySection(priority=(priority,), first_response=Duration(days=0, minutes=minutes))
    for priority, minutes in zip(PRIORITIES, (15, 60, 240, 1440), strict=True)
}
