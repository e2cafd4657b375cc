"""Telephone numbers: what is one, how it is shown, where it is, and that they are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.callbacks import numbers
from bot.redaction import MARKS, Secret, redact


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("+49 30 901820", None, "+4930901820"),
        ("0049 30 901820", None, "+4930901820"),
        ("00 49 (30) 90-18-20", None, "+4930901820"),
        ("030 901820", "DE", "+4930901820"),
        ("call +86 138 0013 8000 after six", None, "+8613800138000"),
        ("打 13800138000 给我", "CN", "+8613800138000"),
        ("＋４９ ３０ ９０１８２０", None, "+4930901820"),
        ("030 901820", None, None),
        ("+1 555", None, None),
        ("+49", "DE", None),
        ("none of your business", "DE", None),
        ("", None, None),
    ],
)
def test_numbers_are_read(text: str, region: str | None, number: str | None) -> None:
    """With a country code anywhere, without one in the region that is set; what no network has is none."""
    assert numbers.read(text, region) == number


@given(st.text(max_size=600), st.sampled_from([None, "DE", "CN"]))
def test_any_text_is_read_or_is_none(text: str, region: str | None) -> None:
    """Nothing breaks, and what is found can be shown and found again."""
    number = numbers.read(text, region)
    if number:
        assert numbers.read(numbers.shown(number), None) == number
        assert isinstance(numbers.zone_of(number), str | None)


def test_numbers_say_where_they_are() -> None:
    """If that is one zone; toll-free numbers and countries of several say nothing."""
    assert numbers.zone_of("+4930901820") == "Europe/Berlin"
    assert numbers.zone_of("+8613800138000") == "Asia/Shanghai"
    assert numbers.zone_of("+18002345678") is None


@pytest.mark.parametrize(
    "number",
    [
        "4915112345678",
        "49 151 1234 5678",
        "+4915112345678",
        "0049 151 12345678",
        "62812345603123",
        "+1 415-555-2671",
        "138-0013-8000",
    ],
)
def test_numbers_are_left_where_they_stand(number: str) -> None:
    """Also those that look like a card's: thirteen digits with a right checksum."""
    assert redact(f"call me: {number}.") == f"call me: {number}."


def test_cards_are_taken_out_all_the_same() -> None:
    """Of every length that cards have today."""
    for card in ("4111 1111 1111 1111", "378282246310005", "6222021234567890128"):
        assert redact(card) == MARKS[Secret.CARD]
