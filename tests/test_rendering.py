from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rendering import parts, render
from channels.words import Choice, Limits, Markup, StoredFile

CHOICES = [Choice(title="Yes", payload="yes"), Choice(title="No", payload="no")]
PICTURE = StoredFile(id=1, name="a.png", media_type="image/png", size=3, path=Path("a.png"))


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "![x](data:text/html;base64,PHNjcmlwdD4=)",
        '<a href="https://a" onclick="x()">a</a>',
    ],
)
def test_nothing_in_an_answer_can_run(source: str) -> None:
    """Raw HTML becomes text, and links only lead where links may lead."""
    html = render(source, Markup.HTML)
    assert "<script" not in html
    assert "<img" not in html or "onerror" not in html.split(">")[0]
    assert 'href="javascript' not in html
    assert 'src="data' not in html


def test_markdown_becomes_html() -> None:
    """Lists, emphasis and links survive; links open without telling where from."""
    html = render("1. **a**\n2. [b](https://example.org)", Markup.HTML)
    assert "<ol>" in html
    assert "<strong>a</strong>" in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_markdown_becomes_plain_text() -> None:
    """No mark is left, list numbers and link targets stay."""
    plain = render("**Do** this:\n\n1. open [help](https://example.org)\n2. *wait*\n\n- one\n  - two", Markup.PLAIN)
    assert plain == "Do this:\n\n1. open help (https://example.org)\n2. wait\n• one\n  • two"


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("See <https://example.org/a?b=c&d>.", "See https://example.org/a?b=c&d."),
        ("<https://example.org/提现>", "https://example.org/提现"),
        ("[https://example.org](https://example.org)", "https://example.org"),
        ("<help@example.org>", "help@example.org"),
        ("[us](mailto:help@example.org)", "us (mailto:help@example.org)"),
        ("[**example.org**](https://example.org)", "example.org (https://example.org)"),
        ("[https://example.org](https://example.com)", "https://example.org (https://example.com)"),
        ("[![a](https://a.example)](https://b.example)", "a (https://a.example) (https://b.example)"),
    ],
)
def test_link_that_is_its_own_words_is_said_once(source: str, plain: str) -> None:
    """Where words and target differ, both are told."""
    assert render(source, Markup.PLAIN) == plain


def test_choices_become_a_numbered_list_where_there_are_no_buttons() -> None:
    """More choices than the channel can show degrade as well."""
    [part] = parts("Which?", CHOICES, [], Limits())
    assert part.text == "Which?\n\n1. Yes\n2. No"
    assert part.choices == ()
    [part] = parts("Which?", CHOICES, [], Limits(choices=1))
    assert part.text.endswith("2. No")


def test_files_apart_are_parts_of_their_own() -> None:
    """Each file goes behind the text in a part of its own, and where there is no text, alone."""
    limits = Limits(choices=3, files=True, files_apart=True)
    text, first, last = parts("Look.", CHOICES, [PICTURE, PICTURE], limits)
    assert (text.text, text.files, text.choices) == ("Look.", (), ())
    assert (first.text, first.files, first.choices) == ("", (PICTURE,), ())
    assert (last.text, last.files, last.choices) == ("", (PICTURE,), tuple(CHOICES))
    assert parts("", [], [PICTURE], limits) == [first]
    assert [part.text for part in parts("Look.", CHOICES, [], limits)] == ["Look."]


def test_buttons_and_files_go_with_the_last_part() -> None:
    """So that they stand below everything that was said."""
    first, *_, last = parts("One sentence. " * 20, CHOICES, [PICTURE], Limits(text=100, choices=3, files=True))
    assert (first.choices, first.files) == ((), ())
    assert (list(last.choices), list(last.files)) == (CHOICES, [PICTURE])


def test_a_file_is_named_where_it_cannot_be_shown() -> None:
    """Nobody is left waiting for a picture that never comes."""
    [part] = parts("See:", [], [PICTURE], Limits())
    assert "a.png" in part.text


def test_long_text_is_cut_at_the_end_of_sentences() -> None:
    """In English and in Chinese."""
    english = parts("The first sentence. The second sentence. The third one.", [], [], Limits(text=45))
    assert [part.text for part in english] == ["The first sentence. The second sentence.", "The third one."]
    chinese = parts("第一句话说完了。第二句话也说完了。第三句。", [], [], Limits(text=18))
    assert [part.text for part in chinese] == ["第一句话说完了。第二句话也说完了。", "第三句。"]


@given(st.text(max_size=400), st.integers(min_value=20, max_value=80))
def test_no_part_is_longer_than_the_limit_and_every_call_cuts_the_same(text: str, limit: int) -> None:
    """Progress is kept by the number of the part, so the cut must never move."""
    once = parts(text, [], [], Limits(text=limit, markup=Markup.MARKDOWN))
    assert once == parts(text, [], [], Limits(text=limit, markup=Markup.MARKDOWN))
    assert all(len(part.text) <= limit for part in once)
    kept = "".join(part.text for part in once)
    assert "".join(kept.split()) == "".join(text.split()) or len(text) <= limit
