"""A text is found by its terms, whoever asks in whatever spelling; a query means words, and never anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.terms import GAP, LONGEST_TERM, MOST_PHRASES, MOST_TERMS, SNIPPET, Phrase, phrases, snippet, terms


def found(text: str, query: str) -> bool:
    """Whether each phrase of `query` stands in `text`, by the slow and obvious way."""
    has = terms(text)
    return all(any(matches(has[at:], phrase) for at in range(len(has))) for phrase in phrases(query))


def matches(has: list[str], phrase: Phrase) -> bool:
    *exact, last = phrase.terms
    here = has[: len(phrase.terms)]
    if len(here) < len(phrase.terms) or here[:-1] != exact:
        return False
    return here[-1].startswith(last) if phrase.prefix else here[-1] == last


def harmless(term: str) -> bool:
    """Whether no database gives any of its characters a meaning: they are letters, digits, or far beyond ASCII."""
    return bool(term) and all(char.isalnum() or ord(char) > 0x1000 for char in term)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Withdrawal FD-1042", ["withdrawal", "fd", "1042"]),
        ("提现失败", ["提现", "现失", "失败", "败", GAP, "提", "现", "失", "败"]),
        ("ETH提现", ["eth", "提现", "现", GAP, "提", "现"]),
        ("ＡＢＣ Straße Zoë", ["abc", "strasse", "zoe"]),
        ("_-!? \x00", []),
    ],
)
def test_terms(text: str, wanted: list[str]) -> None:
    """Words in lower case, without accents and width; of unspaced scripts pairs, and behind a gap single characters."""
    assert terms(text) == wanted


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("withdrawal", [Phrase(("withdrawal",))]),
        ("withdr*", [Phrase(("withdr",), prefix=True)]),
        ("w*", [Phrase(("w",))]),
        ("FD-10", [Phrase(("fd", "10"), prefix=True)]),
        ("li.wei@exa", [Phrase(("li", "wei", "exa"), prefix=True)]),
        ("0x3f9a", [Phrase(("0x3f9a",), prefix=True)]),
        ('"not found" here', [Phrase(("not", "found")), Phrase(("here",))]),
        ("提", [Phrase(("提",))]),
        ("提现", [Phrase(("提现",))]),
        ("提现失败", [Phrase(("提现", "现失", "失败"))]),
        ("eth提", [Phrase(("eth", "提"), prefix=True)]),
        ('"', []),
        ("* -- !", []),
        ("hello hello", [Phrase(("hello",))]),
    ],
)
def test_phrases(query: str, wanted: list[Phrase]) -> None:
    """Codes and what ends in a star are found by their beginning, words whole, and between quotes as they stand."""
    assert phrases(query) == wanted


@pytest.mark.parametrize(
    "query",
    ["我", "到账", "还没有到账", "没有 账", "usdt还", "100.50", "USDT", '"USDT还没有"', "Fd-1042", "ａ@b.example"],
)
def test_what_was_written_is_found(query: str) -> None:
    """By any part that somebody would look for, however it is typed."""
    assert found("我的100.50 USDT还没有到账, FD-1042, a@b.example", query)


@pytest.mark.parametrize("query", ["账到", "没到", '"到账 我"', "FD-1043", "b@a.example"])
def test_what_was_not_written_is_not_found(query: str) -> None:
    """Not what only has the same characters or words in another order."""
    assert not found("我的100.50 USDT还没有到账, FD-1042, a@b.example", query)


def test_long_texts_are_bounded() -> None:
    """Terms, their length and their number, and those of a query."""
    assert max(map(len, terms("x" * 50_000))) == LONGEST_TERM
    assert len(terms("提现" * 50_000)) <= MOST_TERMS + 3
    assert len(phrases(" ".join(f"w{number}" for number in range(99)))) == MOST_PHRASES


@given(st.text(max_size=300), st.text(max_size=40))
def test_any_text_and_query_are_terms_of_letters_and_digits(text: str, query: str) -> None:
    """Nothing else is left of them, whatever they were; and marks lie in order within the snippet."""
    asked = phrases(query)
    assert all(harmless(term) for phrase in asked for term in phrase.terms)
    assert all(harmless(term) for term in terms(text) if term != GAP)
    shown = snippet(text, asked)
    ends = [0, *(place for mark in shown.marks for place in mark)]
    assert ends == sorted(ends)
    assert ends[-1] <= len(shown.text) <= SNIPPET + 2


@given(st.text(max_size=80), st.data())
def test_a_word_of_a_text_finds_it(text: str, data: st.DataObject) -> None:
    """Each term a text has is found in it, and marked."""
    words = [term for term in terms(text) if term != GAP]
    if words:
        word = data.draw(st.sampled_from(words))
        assert found(text, f'"{word}"') or not phrases(word)


def test_a_snippet_shows_the_first_mark() -> None:
    """In the words as written, on one line, with where they stand."""
    shown = snippet("x " * 200 + "Die\nSTRASSE ist gesperrt, die Straße " + "y " * 200, phrases("straße"))
    assert shown.text.startswith("…")
    assert shown.text.endswith("…")
    assert [shown.text[start:end] for start, end in shown.marks] == ["STRASSE", "Straße"]
    assert "\n" not in shown.text


def test_a_snippet_without_a_mark_is_the_beginning() -> None:
    """Where what was found lies behind the part that is looked at."""
    assert snippet("hello there", phrases("nowhere")).text == "hello there"
