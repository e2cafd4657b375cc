"""A filter is what somebody wrote; what nobody can mean is told in words."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refused
from bot.store.filters import ACTIVE, Filter, Late, Order, Span, parse
from bot.store.tables import TicketState


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", Filter()),
        (
            "state:open assignee:me priority:urgent,high 提现",
            Filter(states=(TicketState.OPEN,), assignee="Anna", priorities=("urgent", "high"), text="提现"),
        ),
        ("state:active assignee:none", Filter(states=ACTIVE, assignee="")),
        ('assignee:"Anna Lee" team:none tier:gold', Filter(assignee="Anna Lee", team="", tier="gold")),
        ("tag:bug tag:refund,eu channel:email,x", Filter(tags=("bug", "refund", "eu"), channels=("email", "x"))),
        ("late:soon mentions:me", Filter(late=Late.SOON, mentions="Anna")),
        ("sort:newest in:all FD-1042", Filter(order=Order.NEWEST, everywhere=True, text="FD-1042")),
        ("category:withdrawal language:zh", Filter(categories=("withdrawal",), languages=("zh",))),
        ('"state:open" https://a.example/b 12:30', Filter(text='"state:open" https://a.example/b 12:30')),
        (
            "created:2026-03-01",
            Filter(created=Span(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))),
        ),
        ("updated:2026-03-01..", Filter(updated=Span(datetime(2026, 3, 1, tzinfo=UTC), None))),
        ("updated:..2026-03-01", Filter(updated=Span(None, datetime(2026, 3, 2, tzinfo=UTC)))),
    ],
)
def test_words(query: str, wanted: Filter) -> None:
    """Each word is a condition, "me" whoever asks, and what has no key is searched for."""
    assert parse(query, "Anna") == wanted


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("colour:red", 'no filter "colour:"; known are assignee'),
        ("state:lost", '"state:lost" says nothing; known are active'),
        ("priority:", '"priority:" needs a value'),
        ("assignee:a,b", '"assignee:" takes one value'),
        ('team:"night', "a quote that is not closed"),
        ("created:yesterday", "takes days as 2026-03-01"),
        ("created:9999-12-31", "takes days as 2026-03-01"),
        ("tag:" + "x" * 101, "up to 100 characters"),
        ("x" * 601, "the filter has 601 characters; 600 is the limit"),
    ],
)
def test_what_nobody_can_mean_is_refused(query: str, told: str) -> None:
    """With what would be understood."""
    with pytest.raises(Refused, match=told):
        parse(query, "Anna")


@given(st.text(max_size=200))
def test_any_text_is_a_filter_or_refused(query: str) -> None:
    """Nothing else happens."""
    with suppress(Refused):
        assert len(parse(query, "Anna").text) <= len(query)
