"""Promises in words: how long it takes, or until when, and when people are back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf
from typing import Literal

from babel.dates import format_skeleton, format_time, format_timedelta, get_datetime_format, get_timezone_name
from babel.lists import format_list

from bot.answers import Answers
from bot.sla.calendar import Calendar

Unit = Literal["day", "hour", "minute"]

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def when(answers: Answers, language: str, due: datetime | None, calendar: Calendar, now: datetime) -> str:
    """A wait, where it is open until `due`; else a time, never earlier than `due`: "within 4 hours", "by Mon 9:00".

    `due` is None where the calendar does not open.
    """
    if due is None:
        return answers.sentence("when_open", language)
    if calendar.between(now, due) == due - now:
        return answers.sentence("within", language, wait=lasting(due - now, language))
    return answers.sentence("by", language, time=moment(language, due, calendar))


def back(answers: Answers, language: str, calendar: Calendar, now: datetime) -> str:
    """When people are back, as a sentence; "" where they are there, or nobody knows."""
    opens = calendar.opens_at(now)
    if opens is None or opens <= now:
        return ""
    return answers.sentence("back_at", language, time=moment(language, opens, calendar))


def lasting(wait: timedelta, language: str) -> str:
    """A wait in its two largest units, rounded up: who is told "1 hour 20 minutes" waits no longer."""
    step = HOUR if wait >= DAY else MINUTE
    whole = max(-(-wait // step), 1) * step
    parts: dict[Unit, timedelta] = {
        "day": whole // DAY * DAY,
        "hour": whole % DAY // HOUR * HOUR,
        "minute": whole % HOUR,
    }
    said = [_in_units(part, unit, language) for unit, part in parts.items() if part]
    return str(format_list(said, style="unit", locale=language))


def _in_units(part: timedelta, unit: Unit, language: str) -> str:
    # The threshold keeps weeks away. Not `format_unit`: it has no word for a day in Chinese.
    return str(format_timedelta(part, granularity=unit, threshold=inf, locale=language))


def moment(language: str, at: datetime, calendar: Calendar) -> str:
    """A minute on the wall clock of the calendar, not before `at`, with day and time zone."""
    up = (datetime.min.replace(tzinfo=UTC) - at) % MINUTE
    local = (at.astimezone(UTC) + up).astimezone(calendar.zone)
    date = format_skeleton("MMMEd", local, tzinfo=local.tzinfo, locale=language)
    time = format_time(local, "HH:mm", tzinfo=local.tzinfo, locale=language)
    joined = str(get_datetime_format("short", locale=language)).replace("{1}", date).replace("{0}", time)
    return f"{joined} ({get_timezone_name(local, locale=language)})"
