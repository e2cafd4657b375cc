"""The arithmetic of reports. Every function is a plain count over what it is given."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.store.reporting import TicketFacts

#: The time that counts between two instants, by the SLA policy of this name.
Between = Callable[[str, datetime, datetime], timedelta]


class Standing(StrEnum):
    """What became of a promise."""

    KEPT = "kept"
    MISSED = "missed"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Spread:
    """Of `count` times the one in the middle, and the one that nine of ten do not exceed; seconds, None without any.

    Both are times that happened: of an even count the lower one in the middle.
    """

    count: int
    median: float | None = None
    ninety: float | None = None


def elapsed(_: str, a: datetime, b: datetime) -> timedelta:
    """All time between them counts: the clock on the wall."""
    return b - a


def spread(times: Mapping[float, int]) -> Spread:
    """Of so many times, by seconds."""
    count = sum(times.values())
    if not count:
        return Spread(0)
    return Spread(count, _at(times, math.ceil(count / 2)), _at(times, math.ceil(count * 9 / 10)))


def _at(times: Mapping[float, int], rank: int) -> float:
    passed = 0
    for seconds in sorted(times):
        passed += times[seconds]
        if passed >= rank:
            return seconds
    raise ValueError(rank)


def first_responses(tickets: Iterable[TicketFacts], between: Between) -> Spread:
    """From when a ticket was opened to an agent's first answer, of those that have one."""
    return _times(((each, each.first_response_at) for each in tickets), between)


def resolutions(tickets: Iterable[TicketFacts], between: Between) -> Spread:
    """From when a ticket was opened to when it was solved, of those that are."""
    return _times(((each, each.solved_at) for each in tickets), between)


def _times(until: Iterable[tuple[TicketFacts, datetime | None]], between: Between) -> Spread:
    times = (between(ticket.sla, ticket.created_at, at) for ticket, at in until if at is not None)
    return spread(Counter(max(time, timedelta()).total_seconds() for time in times))


def promise(ticket: TicketFacts, now: datetime) -> Standing:
    """Whether an agent answered, or the ticket was over, by the time the user was told first."""
    if ticket.promise_kept is not None:
        return Standing.KEPT if ticket.promise_kept else Standing.MISSED
    met_at = ticket.first_response_at or ticket.solved_at
    if met_at is not None:
        return Standing.KEPT if met_at <= ticket.promised_at else Standing.MISSED
    if ticket.promised_at < now:
        return Standing.MISSED
    return Standing.KEPT if ticket.over else Standing.RUNNING


def policy(ticket: TicketFacts, now: datetime) -> Standing | None:
    """Whether the clocks of its SLA policy were met until it was over; None where it has no policy."""
    if not ticket.sla:
        return None
    if ticket.breached_at is not None or (not ticket.over and ticket.due_at is not None and ticket.due_at < now):
        return Standing.MISSED
    return Standing.KEPT if ticket.over else Standing.RUNNING


def share(part: int, whole: int) -> float | None:
    """From 0 to 1; None of nothing."""
    return part / whole if whole else None
