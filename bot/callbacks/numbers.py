"""Telephone numbers. Pure; a number is E.164 inside, and written for people only where people see it."""

from __future__ import annotations

import unicodedata
from zoneinfo import available_timezones

import phonenumbers
from phonenumbers import PhoneNumberFormat, timezone

#: Characters of a text that are looked through for a number.
LONGEST = 500


def read(text: str, region: str | None) -> str | None:
    """The first number in `text` that can exist, in E.164; without a country code it is one of `region`."""
    written = unicodedata.normalize("NFKC", text[:LONGEST]).strip()
    # 0049 is +49 nearly everywhere, where it is no number of the region.
    for attempt in (written, written.replace("00", "+", 1)):
        for found in phonenumbers.PhoneNumberMatcher(attempt, region):
            return str(phonenumbers.format_number(found.number, PhoneNumberFormat.E164))
    return None


def shown(number: str) -> str:
    """As it is written for somebody abroad: +49 30 901820."""
    return str(phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.INTERNATIONAL))


def zone_of(number: str) -> str | None:
    """The IANA name of the time zone of whoever has the number; None where it may be one of several."""
    found = timezone.time_zones_for_number(phonenumbers.parse(number))
    return found[0] if len(found) == 1 and found[0] in available_timezones() else None
