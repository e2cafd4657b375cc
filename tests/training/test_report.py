from __future__ import annotations

from html.parser import HTMLParser

import pytest

from bot.training.asked import Asked
from bot.training.evaluation import Evaluation
from bot.training.report import LARGEST, matrix, render
from tests.training.answers import asked

HOSTILE = "</title></svg><script>alert(1)</script><img src=//evil onerror=alert(1)>{{ 7 * 7 }}"


class Page(HTMLParser):
    """The elements and attributes of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(*answers: Asked) -> Page:
    return Page(render(Evaluation(model="abc", asked=answers)))


def test_nothing_that_was_written_becomes_part_of_the_page() -> None:
    """Neither a question nor the name of an intent, whichever list or picture it stands in; and no template either."""
    page = rendered(asked("a", "b", text=HOSTILE), asked(None, "b", text=HOSTILE), asked(HOSTILE, HOSTILE[::-1]))
    assert page.elements.isdisjoint({"script", "img", "iframe", "object"})
    assert not any(name.startswith("on") for name in page.attributes)
    assert page.text.count(HOSTILE) >= 3


def test_the_page_stands_alone() -> None:
    """It fetches nothing: neither a file nor a font."""
    answers = (asked("a", "b"), asked(None, "a"))
    page = rendered(*answers)
    assert page.elements.isdisjoint({"link", "script"})
    assert page.attributes.isdisjoint({"src", "href", "srcset"})
    assert "url(" not in render(Evaluation(asked=answers))


def test_every_mistake_can_be_read() -> None:
    """What was confused, and what should have been refused, in its own words; every intent has a line."""
    page = rendered(
        asked("deposit", "withdrawal", 0.71, "where is it"), asked(None, "greet", 0.93, "who are we"), asked("z", "z")
    )
    for said in ("deposit → withdrawal", "where is it", "0.71", "who are we", "greet 0.93", "0 + 1 + 0 of 1"):
        assert said in page.text


@pytest.mark.parametrize(
    "answers",
    [(), (asked("a", "a"),), (asked(None, None),), (asked("a", None), asked("b", None)), (asked("a", "b", 1.0),)],
    ids=["none", "perfect", "outside", "refused", "wrong"],
)
def test_any_result_can_be_drawn(answers: tuple[Asked, ...]) -> None:
    """Without a question, a mistake, or a right answer."""
    assert "How well it understands" in rendered(*answers).text


def test_the_picture_shows_the_most_frequent_confusions() -> None:
    """And how often they were right; not more than can be read."""
    many = [asked(f"a{number}", f"b{number}") for number in range(LARGEST + 5)]
    found = matrix([asked("a", "b"), asked("a", "b"), asked("a", "a"), asked("c", "c"), asked(None, "b"), *many])
    assert len(found.rows) == LARGEST
    assert "a" in found.rows
    assert "c" not in found.rows
    assert found.cells["a", "b"] == 2
    assert found.cells["a", "a"] == 1
    assert found.most == 2
