"""What people are told of their wait: a range from what others waited, or nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.routing.waiting import ENOUGH, STEPS, Handled, Range, changed_much, estimate, pace_of, quantile
from tests.samples import NOW


def handled(*minutes: float, apart: float = 10_000, agents: int = 1) -> list[Handled]:
    """Tickets that waited so long, one opened `apart` minutes after the other."""
    return [
        Handled(
            NOW + timedelta(minutes=place * apart),
            NOW + timedelta(minutes=place * apart + wait),
            f"agent {place % agents}",
        )
        for place, wait in enumerate(minutes)
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(-100, 3000), max_size=30),
    st.floats(0, 100),
    st.integers(0, 5),
    st.integers(-1, 50),
    st.integers(-1, 9),
)
def test_a_range_is_of_honest_steps(
    minutes: list[float], apart: float, agents: int, position: int, online: int
) -> None:
    """Whatever went before, an estimate is none, or two different steps in order."""
    found = estimate(position, pace_of(handled(*minutes, apart=apart, agents=agents + 1)), online)
    assert found is None or (found.low in STEPS and found.high in STEPS and found.low < found.high)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(1, 100), min_size=ENOUGH, max_size=30), st.integers(1, 20), st.integers(1, 5))
def test_who_stands_further_back_waits_no_less(minutes: list[float], position: int, online: int) -> None:
    """A later place never has an earlier end, and more agents never a later one."""
    before = pace_of(handled(*minutes, agents=3))
    here, behind, more = (
        estimate(position, before, online),
        estimate(position + 1, before, online),
        estimate(position, before, online + 1),
    )
    longest = 10 * STEPS[-1]
    assert (here.high if here else longest) <= (behind.high if behind else longest)
    assert (more.high if more else longest) <= (here.high if here else longest)


def test_the_middle_half_is_told() -> None:
    """The first in the queue is told the quartiles of what others waited, rounded outwards."""
    assert estimate(1, pace_of(handled(4, 8, 9, 12, 60)), online=1) == Range(5, 15)


def test_place_and_hands_count() -> None:
    """The third waits three times as long; with two agents where one answered before, half of that."""
    before = pace_of(handled(10, 10, 10, 10, 10))
    assert estimate(1, before, online=1) == Range(5, 10)
    assert estimate(3, before, online=1) == Range(20, 30)
    assert estimate(3, before, online=2) == Range(10, 15)


def test_what_people_waited_behind_others_is_shared_out() -> None:
    """Five who came together and were answered ten minutes apart make ten minutes a place."""
    before = [
        Handled(NOW + timedelta(seconds=place), NOW + timedelta(seconds=place, minutes=10 * (place + 1)), "Anna")
        for place in range(5)
    ]
    assert estimate(2, pace_of(before), online=1) == Range(15, 20)


@pytest.mark.parametrize(
    ("minutes", "online"),
    [((5,) * (ENOUGH - 1), 1), ((5,) * ENOUGH, 0), ((1450,) * ENOUGH, 1), ((-5,) * ENOUGH, 1), ((), 3)],
    ids=["too few", "nobody there", "over a day", "a clock put back", "nothing"],
)
def test_where_nobody_knows_nothing_is_told(minutes: tuple[float, ...], online: int) -> None:
    """Too little seen, nobody there, or too far off: no number is made up."""
    assert estimate(1, pace_of(handled(*minutes)), online) is None


def test_a_wait_of_no_time_is_still_a_range() -> None:
    """Who was answered at once makes it one to two minutes, never nothing."""
    assert estimate(1, pace_of(handled(*(0,) * ENOUGH)), online=1) == Range(1, 2)


def test_only_a_real_change_is_one() -> None:
    """Ranges that overlap are the same to people; known and not known are different."""
    assert not changed_much(Range(5, 10), Range(5, 15))
    assert changed_much(Range(5, 10), Range(10, 20))
    assert changed_much(Range(30, 45), Range(5, 10))
    assert changed_much(None, Range(5, 10))
    assert not changed_much(None, None)


def test_quantile_of_nothing_is_an_error() -> None:
    """Nobody is told a number that came from none."""
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)
