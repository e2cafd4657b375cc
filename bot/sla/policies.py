"""Which promise holds for a ticket."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from bot.errors import Misconfigured, Problem
from bot.priority import PRIORITIES
from bot.sla.calendar import ALWAYS, Calendar
from bot.sla.sections import DEFAULTS, Action, CalendarSection, PolicySection


@dataclass(frozen=True, slots=True)
class Policy:
    """What is promised, in open time of `calendar`; None for a clock that does not run."""

    name: str
    calendar: Calendar
    first_response: timedelta
    next_response: timedelta | None = None
    resolution: timedelta | None = None
    warn_at: float = 0.75
    on_warning: Sequence[Action] = ("notify",)
    on_breach: Sequence[Action] = ("notify",)


class Policies:
    """The policies and calendars of config.yaml, by name.

    Raises `Misconfigured` where a policy names a calendar that is not there, or a priority is left without a policy.
    """

    def __init__(
        self, calendars: Mapping[str, CalendarSection], policies: Mapping[str, PolicySection] = DEFAULTS
    ) -> None:
        found = problems(calendars, policies)
        if found:
            raise Misconfigured([Problem("config.yaml", ".".join(keys), what, how) for keys, what, how in found])
        self.calendars = {ALWAYS.name: ALWAYS} | {name: calendar(name, one) for name, one in calendars.items()}
        self._sections = policies
        said = [{name: one.model_dump(mode="json") for name, one in part.items()} for part in (calendars, policies)]
        #: Of what is written in config.yaml: another one means that tickets may be due at another time.
        self.digest = sha256(json.dumps(said).encode()).hexdigest()
        self._policies = {name: self._policy(name, section) for name, section in policies.items()}

    def __contains__(self, name: str) -> bool:
        return name in self._policies

    def calendar_of(self, name: str) -> Calendar | None:
        """The calendar a policy goes by; None where there is no such policy any more."""
        return self._policies[name].calendar if name in self else None

    def match(self, priority: str, category: str, tier: str = "") -> Policy:
        """The policy that names most of these three, and nothing else.

        Of several one that names the tier goes first, then one that names the category, then the first in the file.
        """
        fitting = [
            name
            for name, one in self._sections.items()
            if all(not wanted or value in wanted for value, wanted in _conditions(one, priority, category, tier))
        ]
        return self._policies[max(fitting, key=lambda name: _rank(self._sections[name]))]

    def _policy(self, name: str, section: PolicySection) -> Policy:
        kept = self.calendars[section.calendar]
        return Policy(
            name=name,
            calendar=kept,
            first_response=section.first_response.of(kept.day),
            next_response=section.next_response.of(kept.day) if section.next_response else None,
            resolution=section.resolution.of(kept.day) if section.resolution else None,
            warn_at=section.warn_at,
            on_warning=section.on_warning,
            on_breach=section.on_breach,
        )


def calendar(name: str, section: CalendarSection) -> Calendar:
    """The calendar of a section."""
    holidays = section.holidays.days() if section.holidays else ()
    closed = frozenset(section.closed)
    return Calendar(
        name,
        ZoneInfo(section.zone),
        section.week,
        section.exceptions,
        lambda day: day in closed or day in holidays,
        always=section.always,
    )


def problems(
    calendars: Mapping[str, CalendarSection], policies: Mapping[str, PolicySection]
) -> list[tuple[tuple[str, ...], str, str]]:
    """Keys, what is wrong and the remedy: calendars that are not there, priorities that nothing is promised for."""
    known = [*dict.fromkeys([ALWAYS.name, *calendars])]
    found: list[tuple[tuple[str, ...], str, str]] = [
        (("sla", "policies", name, "calendar"), f"no calendar {one.calendar!r}", f"name one of {', '.join(known)}")
        for name, one in policies.items()
        if one.calendar not in known
    ]
    general = [one.priority or PRIORITIES for one in policies.values() if not one.category and not one.tier]
    for priority in PRIORITIES:
        if not any(priority in covered for covered in general):
            remedy = "add one without category and tier: it is for tickets that no other fits"
            found.append((("sla", "policies"), f"no policy for priority {priority}", remedy))
    return found


def _conditions(one: PolicySection, priority: str, category: str, tier: str) -> list[tuple[str, Sequence[str]]]:
    return [(priority, one.priority), (category, one.category), (tier, one.tier)]


def _rank(one: PolicySection) -> tuple[int, bool, bool]:
    named = [bool(one.tier), bool(one.category), bool(one.priority)]
    return sum(named), named[0], named[1]


#: What holds where nothing is configured.
STANDARD = Policies({})
