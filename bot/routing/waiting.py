"""Pure: how long somebody in the queue will wait, from how long others did; a range, or that nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

#: By priority, category and tier, and the moment asked about: when people are back, in the zone of their calendar; None
#: where they are there, or nobody knows.
OpensAt = Callable[[str, str, str, datetime], datetime | None]

#: From so many tickets on what they took says something.
ENOUGH = 5

#: Minutes a wait is told in; finer would pretend to know.
STEPS = (1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440)

#: Fewer hands than before make it longer, more of them shorter; beyond that nobody has seen it.
FASTEST, SLOWEST = 0.5, 3.0


@dataclass(frozen=True, slots=True)
class Handled:
    """A ticket that got its first answer."""

    opened_at: datetime
    answered_at: datetime
    agent: str


@dataclass(frozen=True, slots=True)
class Pace:
    """Minutes a place in the queue takes, the quartiles, and how many agents it took."""

    low: float
    high: float
    hands: int


@dataclass(frozen=True, slots=True)
class Range:
    """Minutes, of `STEPS`; `low` is below `high`."""

    low: int
    high: int


def always_open(_priority: str, _category: str, _tier: str, _now: datetime) -> datetime | None:
    """Where no hours are known."""
    return None


def pace_of(handled: Sequence[Handled]) -> Pace | None:
    """What a place in the queue took the tickets answered lately: the wait of each divided by its own place.

    None where too few are known.
    """
    minutes = [_minutes(ticket) / _place(ticket, handled) for ticket in handled if _minutes(ticket) >= 0]
    if len(minutes) < ENOUGH:
        return None
    hands = len({ticket.agent for ticket in handled})
    return Pace(quantile(minutes, 0.25), quantile(minutes, 0.75), hands)


def estimate(position: int, pace: Pace | None, online: int) -> Range | None:
    """The wait of whoever is served as number `position`, with `online` agents there.

    The pace times the place, times how many answered then for each who is there now, rounded outwards. None where no
    pace is known, nobody is there, or it would be more than a day.
    """
    if pace is None or online < 1 or position < 1:
        return None
    share = position * min(max(pace.hands / online, FASTEST), SLOWEST)
    return _rounded(pace.low * share, pace.high * share)


def changed_much(before: Range | None, after: Range | None) -> bool:
    """Whether who was told `before` should hear of it: the ranges have nothing in common, or one is not known."""
    if before is None or after is None:
        return before is not after
    return after.high <= before.low or before.high <= after.low


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie, in proportion between two. Raises `ValueError` for none."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _rounded(low: float, high: float) -> Range | None:
    longest = next((step for step in STEPS if step >= high and step > STEPS[0]), None)
    if longest is None:
        return None
    shortest = max((step for step in STEPS if step <= low and step < longest), default=STEPS[0])
    return Range(shortest, longest)


def _place(ticket: Handled, others: Sequence[Handled]) -> int:
    """Where it stood when it was opened, 1 for first."""
    ahead = (other for other in others if other.opened_at < ticket.opened_at < other.answered_at)
    return 1 + sum(1 for _ in ahead)


def _minutes(ticket: Handled) -> float:
    return (ticket.answered_at - ticket.opened_at) / timedelta(minutes=1)
