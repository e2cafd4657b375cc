"""What the core's HTML looks like on Telegram."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering import render
from channels.telegram.markup import measure, shown, units
from channels.words import Markup


def stretches(markdown: str) -> list[tuple[str, str]]:
    """The marked stretches of a text as it is shown, each with its kind."""
    text, entities = shown(render(markdown, Markup.HTML))
    wide = text.encode("utf-16-le")
    return [
        (entity.type, wide[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le"))
        for entity in entities
    ]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ("- one\n- two\n  - deep\n- three", "• one\n• two\n  • deep\n• three"),
        ("- one\n\n- two", "• one\n• two"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("before\n\n1. one\n2. two\n\nafter", "before\n\n1. one\n2. two\n\nafter"),
        ("# Fees\n\ntext", "Fees\n\ntext"),
        ("a\n\n---\n\nb", "a\n\n———\n\nb"),
        ("| coin | fee |\n| --- | --- |\n| BTC | 0.1 |", "coin | fee\nBTC | 0.1"),
        ("> quoted\n\nsaid", "quoted\n\nsaid"),
        ("```\na  b\n c\n```\n\nend", "a  b\n c\n\nend"),
        ("![chart](https://example.org/a.png)", "chart"),
        ("<b>5 < 6 & so</b>", "<b>5 < 6 & so</b>"),
        ("", ""),
    ],
)
def test_blocks_become_lines(markdown: str, text: str) -> None:
    """Paragraphs, lists, tables and rules read as they would on paper."""
    assert shown(render(markdown, Markup.HTML))[0] == text


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("😀 **bold** and *it*", [("bold", "bold"), ("italic", "it")]),
        ("***both***", [("italic", "both"), ("bold", "both")]),
        ("# Head", [("bold", "Head")]),
        ("`code` x", [("code", "code")]),
        ("```\nline\n```", [("pre", "line")]),
        ("[here](https://example.org)", [("text_link", "here")]),
        ("[**here**](https://example.org)", [("text_link", "here"), ("bold", "here")]),
        ("[mail](mailto:a@example.org)", []),
        ("> a\n>\n> > b", [("blockquote", "a\n\nb")]),
        ("中文 **提现** 。", [("bold", "提现")]),
    ],
)
def test_styles_are_stretches(markdown: str, expected: list[tuple[str, str]]) -> None:
    """Offsets count as Telegram counts, behind an emoji too, and nothing is nested that may not be."""
    assert stretches(markdown) == expected


def test_link_keeps_its_address() -> None:
    """The address is not shown, but followed."""
    _, entities = shown(render("[here](https://example.org/a?b=1&c=2)", Markup.HTML))
    assert entities[0].url == "https://example.org/a?b=1&c=2"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "a",
                "😀",
                "|",
                "-",
                " ",
                "\n",
                "\n\n",
                "*",
                "**",
                "`",
                "1. ",
                "> ",
                "# ",
                "---\n",
                "[x](http://y)",
                "![p](http://q)",
                "\n|a|b|\n|-|-|\n|c|d|\n",
            ]
        ),
        max_size=40,
    ).map("".join)
)
def test_nothing_becomes_longer_than_it_was_measured(markdown: str) -> None:
    """A part that the core cut to the limit fits, and every stretch lies within the text."""
    text, entities = shown(render(markdown, Markup.HTML))
    assert units(text) <= measure(markdown)
    assert all(entity.length > 0 and entity.offset + entity.length <= units(text) for entity in entities)
