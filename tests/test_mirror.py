"""What a staff room is shown and what is made of an agent's words, without any platform."""

from __future__ import annotations

import pytest

from bot import answers
from bot.briefing import Briefing, escaped
from bot.conversation import Content
from bot.rendering import render
from bot.staff import asked
from bot.store import reading
from bot.store.database import Database
from bot.store.staff import Asked, Wish
from channels.words import Markup
from tests.conftest import RESPONSES
from tests.samples import escalated, inbound


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Hello!", Asked(Wish.REPLY, "Hello!")),
        ("看到了 // 稍等", Asked(Wish.REPLY, "看到了 // 稍等")),
        ("!!! wait", Asked(Wish.REPLY, "!!! wait")),
        ("!taken by surprise", Asked(Wish.REPLY, "!taken by surprise")),
        ("//note to self\nand more", Asked(Wish.NOTE, "note to self\nand more")),
        ("/note  one\ntwo", Asked(Wish.NOTE, "one\ntwo")),
        ("!note one", Asked(Wish.NOTE, "one")),
        ("/note", Asked(Wish.NOTE)),
        ("/take", Asked(Wish.TAKE)),
        ("/Solve", Asked(Wish.SOLVE)),
        ("!release", Asked(Wish.RELEASE)),
        ("/solve and thank you", Asked(Wish.STRANGE, "/solve")),
        ("/sovle", Asked(Wish.STRANGE, "/sovle")),
        ("/etc/passwd is gone", Asked(Wish.STRANGE, "/etc/passwd")),
    ],
)
def test_agent_is_understood(text: str, wanted: Asked) -> None:
    """A stroke at the beginning is never said to a person."""
    assert asked(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "[your wallet](https://evil.example)",
        "![](https://evil.example/pixel.png)",
        "<https://evil.example>",
        "*bold* _and_ `code` ~~gone~~ ||hidden||",
        "# Heading\n> quote\n- list\n+ list\n1. one\n2) two\n===\n---",
        "    indented",
        "```\ncode\n```",
        "a\\*b",
        "<b>html</b> & so on",
    ],
)
def test_words_of_a_person_stay_words(text: str) -> None:
    """Nothing in them becomes a link, a picture or a heading."""
    shown = render(escaped(text), Markup.HTML)
    for tag in ("<a", "<img", "<h1", "<em", "<strong", "<code", "<pre", "<ul", "<ol", "<blockquote", "<hr", "<b>"):
        assert tag not in shown
    assert render(escaped(text), Markup.PLAIN) == "\n".join(line.strip() for line in text.split("\n"))


def test_address_stays_whole() -> None:
    """So that it can be read, copied and, where the platform does so, followed."""
    address = "https://example.org/a_b/c~d?e=1#f"
    assert address in escaped(f"see {address} *now*")


@pytest.mark.parametrize(
    ("languages", "piece"), [(["zh", "en"], "此前的对话"), (["en", "zh"], "The conversation so far")]
)
def test_room_speaks_the_language_of_the_desk(sqlite: Database, languages: list[str], piece: str) -> None:
    """The first of the languages, whatever the person speaks."""
    ticket = escalated(sqlite, inbound("我要人工"), language="zh")
    briefing = Briefing(answers.load(RESPONSES, "Example Exchange", languages))
    view = sqlite.transact(reading.show, ticket.number)
    assert piece in briefing.brief(view).text


@pytest.mark.parametrize("reason", ["human", "unsure", "unhelpful", "risk", "down", "fault", "policy"])
@pytest.mark.parametrize("priority", ["low", "normal", "high", "urgent"])
def test_every_reason_and_priority_has_words(sqlite: Database, content: Content, reason: str, priority: str) -> None:
    """A ticket is never held back for want of a sentence."""
    ticket = escalated(sqlite, reason=reason, priority=priority)
    text = Briefing(content.answers).brief(sqlite.transact(reading.show, ticket.number)).text
    assert content.answers.sentence(f"reason_{reason}", "en").split(":")[0] in text
    assert content.answers.sentence(f"priority_{priority}", "en") in text
