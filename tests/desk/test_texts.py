"""Every text of the desk is there in English and in Chinese, and no page asks for one that is not."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from bot.desk.oidc_pages import TOLD
from bot.desk.pages import KEYS, PLACES
from bot.desk.texts import FOLDER, texts
from bot.store.agent_tables import Presence
from bot.store.tables import MessageState, TicketState
from bot.store.ticketing import RANK
from bot.store.ticketing_tables import LinkKind
from bot.store.views import BUILT_IN

DESK = FOLDER.parent
CHINESE = re.compile(r"[\u4e00-\u9fff]")

#: Names in templates and modules: whole ones, and beginnings to which a value is joined.
USED = re.compile(r"""\b(?:t|words|told)\(\s*f?["']([a-z]+\.\w*)(["'{])""")

#: What the values are that are joined to a beginning.
JOINED = {
    "access.login_": ["wrong", "too_many", *(name for name, _ in TOLD.values())],
    "desk.state_": [state.value for state in TicketState],
    "desk.priority_": RANK,
    "desk.presence_": [presence.value for presence in Presence],
    "desk.key_": [name for _, name in KEYS],
    "desk.place_": [name for name, _, _ in PLACES],
    "lists.": list(BUILT_IN),
    "desk.delivery_": [state.value for state in MessageState if state.value not in {"received", "handled", "note"}],
    "desk.reason_": ["human", "unsure", "unhelpful", "risk", "down", "fault", "policy", "call"],
    "desk.clock_": ["first_response", "next_response", "resolution"],
    "desk.act_": ["take", "solve", "release", "assign", "hold", "reopen", "merge", "split", "link", "undo", "change"],
    "desk.link_": [f"{kind.value}{end}" for kind in LinkKind for end in ("", "_reverse")],
}


def placeholders(text: str) -> set[str]:
    """Names of what is put into a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_texts() -> None:
    """No name is missing in either, and each text takes the same values in both."""
    english, chinese = texts()["en"], texts()["zh"]
    assert english.keys() == chinese.keys()
    assert {name for name in english if placeholders(english[name]) != placeholders(chinese[name])} == set()


def test_each_text_is_in_its_language() -> None:
    """English has no Chinese in it, and Chinese is no English left as it was."""
    english, chinese = texts()["en"], texts()["zh"]
    foreign = [name for name, text in english.items() if not text.strip() or CHINESE.search(text)]
    # Languages are called what those who speak them call them.
    assert sorted(foreign) == ["access.language_zh", "ticket_page.other_language"]
    same = {name for name, text in chinese.items() if text == english[name] and re.search(r"[a-z]{4}", text)}
    assert same == {"access.language_en", "ticket_page.system"}


def sources() -> list[Path]:
    return [*DESK.rglob("*.html"), *DESK.rglob("*.py")]


def test_every_text_that_is_asked_for_is_there() -> None:
    """By its whole name, or one for each value that is joined to its beginning."""
    asked = {found.group(1, 2) for path in sources() for found in USED.finditer(path.read_text("utf-8"))}
    whole = {name for name, end in asked if end != "{" and not name.endswith(("_", "."))}
    assert whole
    assert whole - texts()["en"].keys() == set()


@pytest.mark.parametrize("beginning", JOINED)
def test_every_value_has_its_text(beginning: str) -> None:
    """Whatever a ticket can be, there is a word for it."""
    assert {f"{beginning}{value}" for value in JOINED[beginning]} - texts()["en"].keys() == set()
