"""Times, sizes and handles as people read them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from babel.dates import format_datetime
from babel.numbers import format_percent
from babel.units import format_unit
from markupsafe import Markup

#: Bytes from which a size is told in larger units.
KILO, MEGA = 1_000, 1_000_000

#: Characters of a handle that are shown, and of a longer one.
LONGEST_HANDLE, SHORTENED = 32, 12


def moment(at: datetime, language: str) -> Markup:
    """The time as an element that the page turns into "5 minutes ago"; without scripts it is exact."""
    local = at.astimezone()
    exact = format_datetime(local, "medium", locale=language)
    short = format_datetime(local, "short", locale=language)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), exact, short)


@lru_cache(maxsize=1_000)
def size(count: int, language: str) -> str:
    """A file's bytes, rounded."""
    if count < KILO:
        return format_unit(count, "byte", "short", locale=language)
    if count < MEGA:
        return format_unit(round(count / KILO), "kilobyte", "short", locale=language)
    return format_unit(round(count / MEGA, 1), "megabyte", "short", locale=language)


def share(part: float, language: str) -> str:
    """A share from 0 to 1 in whole per cents."""
    return format_percent(part, locale=language)


def short(handle: str) -> str:
    """A handle as it is shown; of one that no human reads, enough to tell it from others."""
    return handle if len(handle) <= LONGEST_HANDLE else f"{handle[:SHORTENED]}…"
