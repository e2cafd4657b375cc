"""Numbers as people read them, in their language."""

from __future__ import annotations

from datetime import date

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

MINUTE, HOUR, DAY = 60, 3_600, 86_400

#: From so many seconds on: the larger unit and the smaller one behind it.
STEPS = ((2 * DAY, DAY, "day", HOUR, "hour"), (HOUR, HOUR, "hour", MINUTE, "minute"))


def number(value: float, language: str) -> str:
    """With the separators of the language, and two places behind the point at most."""
    return format_decimal(value, "#,##0.##", locale=language)


def percent(part: float, language: str) -> str:
    """A share from 0 to 1, to a tenth of a per cent."""
    return format_percent(part, "0.#%", locale=language)


def duration(seconds: float, language: str) -> str:
    """In one or two units: 45 s, 12 min, 3 h 20 min, 4 d 2 h; what is smaller is left out."""
    whole = int(seconds)
    for least, large, larger, small, smaller in STEPS:
        if whole >= least:
            rest = whole % large // small
            said = [(whole // large, larger), *([(rest, smaller)] if rest else [])]
            return " ".join(format_unit(count, f"duration-{unit}", "short", locale=language) for count, unit in said)
    count, unit = (whole // MINUTE, "minute") if whole >= MINUTE else (whole, "second")
    return format_unit(count, f"duration-{unit}", "short", locale=language)


def day(value: date, language: str, *, short: bool = False) -> str:
    """A date; `short` without its year."""
    return format_skeleton("MMMd", value, locale=language) if short else format_date(value, locale=language)


def language_name(code: str, language: str) -> str:
    """What a language is called; its code where nobody knows."""
    try:
        return Locale.parse(code).get_display_name(language) or code
    except (ValueError, UnknownLocaleError):
        return code
