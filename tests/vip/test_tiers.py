"""Who is of which tier."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.priority import PRIORITIES, Priority
from bot.tiers import Condition, Tier, Tiers, raised
from channels.vouched import Value, checked

VOLUME = {"attribute": "volume", "at_least": 1000}
LEVEL = {"attribute": "level", "one_of": ["A", 1]}


def tier(rank: int = 1, **more: Any) -> Tier:
    return Tier.model_validate({"title": {"en": "T"}, "rank": rank, **more})


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        (VOLUME, 1000, True),
        (VOLUME, 999.99, False),
        (VOLUME, "2000", False),
        (VOLUME, True, False),
        ({"attribute": "volume", "at_most": 5}, 5, True),
        ({"attribute": "volume", "at_least": 1, "at_most": 5}, 6, False),
        (LEVEL, "A", True),
        (LEVEL, "a", False),
        (LEVEL, 1, True),
        (LEVEL, True, False),
        ({"attribute": "level", "one_of": [True]}, True, True),
        ({"attribute": "level", "one_of": [True]}, 1, False),
    ],
)
def test_condition(condition: dict[str, Any], value: Value, *, holds: bool) -> None:
    """Numbers are compared with numbers and texts as they stand; one that is missing meets nothing."""
    test = Condition.model_validate(condition)
    assert test.holds({test.attribute: value}) is holds
    assert not test.holds({})


@pytest.mark.parametrize(
    "wrong",
    [
        {"attribute": "volume"},
        {"attribute": "volume", "at_least": 1, "one_of": [1]},
        {"attribute": "volume", "at_least": 2, "at_most": 1},
        {"attribute": "volume", "at_least": "much"},
        {"attribute": "volume", "at_least": float("nan")},
        {"attribute": "volume", "one_of": []},
        {"attribute": "Volume", "at_least": 1},
        {"attribute": "volume", "above": 1},
    ],
)
def test_condition_that_says_nothing_is_refused(wrong: dict[str, Any]) -> None:
    """Without a test, with two that exclude each other, or with a bound that is none."""
    with pytest.raises(ValidationError):
        Condition.model_validate(wrong)


def test_all_or_any() -> None:
    """`all` is the default; a tier without conditions is nobody's by itself."""
    both = [VOLUME, LEVEL]
    assert not tier(when=both).met({"volume": 5000})
    assert tier(when=both).met({"volume": 5000, "level": "A"})
    assert tier(when=both, match="any").met({"volume": 5000})
    assert not tier().met({"volume": 5000})


def test_the_highest_rank_holds() -> None:
    """Whatever the order in the file, and whichever the company names."""
    tiers = Tiers({"gold": tier(2, when=[VOLUME]), "silver": tier(1, when=[LEVEL]), "house": tier(3)})
    assert tiers.of({"level": "A"}) == "silver"
    assert tiers.of({"level": "A", "volume": 1000}) == "gold"
    assert tiers.of({"level": "A", "tier": "house"}) == "house"
    assert tiers.of({"volume": 1000, "tier": "silver"}) == "gold"


def test_a_tier_of_the_companys_that_stands_for_nothing_is_kept() -> None:
    """Where no other holds: agents see it. What is no text names none."""
    tiers = Tiers({"gold": tier(2, when=[VOLUME])})
    assert tiers.of({"tier": "legacy"}) == "legacy"
    assert tiers.of({"tier": "legacy", "volume": 1000}) == "gold"
    assert tiers.of({"tier": 7}) == ""
    assert tiers.get("legacy") is None
    assert tiers.on("legacy", "webchat") == "legacy"


def test_a_tier_counts_where_it_says() -> None:
    """On its channels; everywhere where it names none."""
    tiers = Tiers({"gold": tier(channels=["webchat"]), "silver": tier()})
    assert (tiers.on("gold", "webchat"), tiers.on("gold", "x"), tiers.on("silver", "x")) == ("gold", "", "silver")


def test_the_persons_own_agent_comes_first() -> None:
    """Then the tier's, each once; an attribute that names nobody adds nobody."""
    gold = tier(agents=["Anna", "Ben"], agent_attribute="manager")
    assert gold.dedicated({"manager": "Ben"}) == ("Ben", "Anna")
    assert gold.dedicated({"manager": ""}) == ("Anna", "Ben")
    assert gold.dedicated({"manager": 7}) == ("Anna", "Ben")


@given(st.sampled_from(PRIORITIES), st.integers(0, 3))
def test_priorities_rise_and_end_at_urgent(priority: Priority, steps: int) -> None:
    """Never down, and by no more steps than there are."""
    place = PRIORITIES.index(priority)
    assert place - PRIORITIES.index(raised(priority, steps)) == min(steps, place)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.text() | st.from_regex(r"[a-z]{1,3}", fullmatch=True), JSON))
def test_attributes_are_taken_whole_or_refused(given_: dict[str, Any]) -> None:
    """Whatever JSON says: what passes is a short text, a number within bounds, yes or no, or nothing."""
    try:
        found = checked(given_)
    except ValueError:
        return
    assert found == given_
    assert all(value is None or isinstance(value, str | int | float | bool) for value in found.values())
    assert all(-(10**15) <= value <= 10**15 for value in found.values() if isinstance(value, int | float))
    assert all(len(value) <= 200 and "\0" not in value for value in found.values() if isinstance(value, str))
