from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from channels.x.text import has_link, unescaped, weight, without_links, without_mentions
from tests.channels.x.counting import counted

SNIPPETS = [
    *("word ", "提现", "，", ". ", "\n", "https://example.org/a?b=c#d", "http://a.co", "example.com", "a.co", "@ann "),
    *(
        "😀",
        "👨‍👩‍👧",
        "🇨🇳",
        "1️⃣",
        "é",
        "e\u0301",
        "(",
        ")",
        "https://例子.中国/路",
        "#tag ",
        "x.y",
        "ann@example.org",
        "…",
        "’",
    ),
]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "How long does a withdrawal take?",
        "提现要多久？",
        "See https://example.org/a/very/long/path/that/counts/no/more/than/any/other?x=1 for more.",
        "Both https://a.co, and http://example.com/x.",
        "naïve café – “quoted” … €5",
        "one 😀 two",
        "Это тоже считается",
    ],
)
def test_weight_is_what_x_counts(text: str) -> None:
    """Latin letters count one, Chinese ones two, a link 23."""
    assert weight(text) == counted(text)


@settings(max_examples=500)
@given(some.lists(some.sampled_from(SNIPPETS), max_size=12).map("".join))
def test_weight_is_never_less_than_what_x_counts(text: str) -> None:
    """A part that fits by our count is taken by X."""
    assert weight(text) >= counted(text)


def test_bullets_are_counted_as_they_are_shown() -> None:
    """A list mark becomes a bullet, which counts two."""
    assert weight("- one\n- two") == counted("• one\n• two")


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("See the page (https://example.org/a). Then write.", "See the page. Then write."),
        ("See example.com/help for more", "See  for more"),
        ("费用见 https://example.org/fees，谢谢", "费用见 ，谢谢"),
        ("https://example.org", ""),
        ("no link at all. None (really)", "no link at all. None (really)"),
        ("Node.js, e.g. v1.2.3, 10.5 USDT", "Node.js, e.g. v1.2.3, 10.5 USDT"),
        ("one\n\nhttps://example.org\n\ntwo", "one\n\n\n\ntwo"),
    ],
)
def test_links_are_dropped(text: str, bare: str) -> None:
    """A link goes, with the brackets around it, and nothing else does."""
    assert without_links(text) == bare
    assert has_link(text) == (text != bare)


def test_what_x_adds_is_taken_away() -> None:
    """The names at the head of a reply are no words of it, and escapes are undone once."""
    assert without_mentions("@ann @bob_1 hello @you") == "hello @you"
    assert without_mentions("hello @you") == "hello @you"
    assert unescaped("&amp;lt; &lt;b&gt; &quot;") == "&lt; <b> &quot;"


@pytest.mark.parametrize("text", ["a." * 100_000, "https://" * 20_000, "@a " * 50_000, "(" * 100_000, "- \n" * 50_000])
def test_hostile_text_takes_no_longer(text: str) -> None:
    """What is made to be slow is counted and bared in a moment."""
    start = time.perf_counter()
    weight(text)
    without_links(text)
    without_mentions(text)
    assert time.perf_counter() - start < 5
