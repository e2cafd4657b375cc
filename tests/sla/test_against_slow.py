"""Calendars and clocks against the reference, over random hours, zones, holidays and histories."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sla.clocks import Clock, Did, Step, clocks
from bot.sla.policies import Policy
from tests.sla.slow import CALENDARS, TICK, Hours, Slow, Told

#: Half hours that are looked at, and how many of them a history takes.
SEEN, LIVED = 3 * 48, 84

#: Amounts of which three quarters are whole half hours too.
amounts = st.integers(1, 10).map(lambda number: 4 * number)


def half_hours(kept: Hours, start: datetime) -> list[bool]:
    return [kept.open(start + number * TICK) for number in range(SEEN)]


@settings(max_examples=900, deadline=None, derandomize=True)
@given(CALENDARS, st.integers(0, LIVED), st.integers(0, SEEN - LIVED), st.integers(1, 60))
def test_calendar_is_the_reference(calendar: tuple[Hours, datetime], a: int, length: int, amount: int) -> None:
    """`between`, `add`, `opens_at` and `is_open`, around every kind of change of the clocks."""
    kept, start = calendar
    open_, fast, at = half_hours(kept, start), kept.fast(), start + a * TICK
    assert fast.between(at, at + length * TICK) == sum(open_[a : a + length]) * TICK
    assert fast.is_open(at) is open_[a]
    opens = next((number for number in range(a, SEEN) if open_[number]), None)
    found = fast.opens_at(at)
    assert found == start + opens * TICK if opens is not None else found is None or found >= start + SEEN * TICK
    ends = next((number for number in range(a, SEEN) if sum(open_[a:number]) >= amount), None)
    due = fast.add(at, amount * TICK)
    assert due == start + ends * TICK if ends is not None else due is None or due >= start + SEEN * TICK


def in_order(drawn: tuple[int, Sequence[tuple[int, Did]]]) -> list[tuple[int, Did]]:
    """A ticket that is opened, and what happens to it; much of it at once."""
    opened, rest = drawn
    return [(opened, Did.OPENED), *sorted(((max(at, opened), did) for at, did in rest), key=lambda one: one[0])]


happening = st.tuples(st.integers(0, LIVED), st.sampled_from([did for did in Did if did is not Did.OPENED]))
histories = st.tuples(st.integers(0, 24), st.lists(happening, max_size=9)).map(in_order)


def shown(clock: Clock, start: datetime) -> Told:
    """The fast clock in the words of the slow one; what lies behind its horizon it cannot see."""

    def number(at: datetime | None) -> int | None:
        seen = None if at is None else (at - start) // TICK
        return None if seen is None or seen >= SEEN else seen

    return Told(
        since=number(clock.since),
        due=number(clock.due_at),
        warn=number(clock.warn_at),
        met=number(clock.met_at),
        breached=number(clock.breached_at),
        paused=clock.paused,
        used=clock.used // TICK,
    )


@settings(max_examples=1100, deadline=None, derandomize=True)
@given(CALENDARS, histories, amounts, amounts, amounts)
def test_clocks_are_the_reference(
    calendar: tuple[Hours, datetime], ticks: Sequence[tuple[int, Did]], first: int, following: int, resolution: int
) -> None:
    """Each clock, each round of the next response, and every breach there ever was."""
    kept, start = calendar
    policy = Policy("any", kept.fast(), first * TICK, following * TICK, resolution * TICK)
    found = clocks([Step(start + at * TICK, did) for at, did in ticks], policy, start + LIVED * TICK)
    slow = Slow(half_hours(kept, start), LIVED)
    told = [
        slow.first(ticks, (3 * first // 4, first)),
        slow.resolution(ticks, (3 * resolution // 4, resolution)),
        *slow.rounds(ticks, (3 * following // 4, following)),
    ]
    assert shown(found.first_response, start) == told[0]
    assert shown(found.resolution, start) == told[1]
    if told[2:]:
        assert shown(found.next_response, start) == told[-1]
    else:
        assert found.next_response.since is None
    assert [(at - start) // TICK for at in found.missed] == sorted(
        one.breached for one in told if one.breached is not None
    )
