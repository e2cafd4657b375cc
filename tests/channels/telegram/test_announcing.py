"""What is said to everybody on Telegram."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from channels.telegram.settings import TelegramBoard
from tests.channels.announcements import Announcements, Square, square
from tests.channels.contract import PICTURE
from tests.channels.peer import Seen
from tests.channels.telegram.platform import Platform

__all__ = ["square"]


class TestTelegram(Announcements):
    """Nothing is left out."""


def shape(seen: Seen) -> tuple[str, bool]:
    """A message: its text, and whether the picture is with it."""
    return seen.text, [data for _, data in seen.files] == [PICTURE]


async def test_text_stands_under_its_picture(square: Square) -> None:
    """In one message up to 1,024 characters; behind it, in one of its own, beyond."""
    await square.announce({"en": "A" * 1024})
    await square.announce({"en": "B" * 1025})
    assert list(map(shape, square.peer.stands("en"))) == [("A" * 1024, True), ("", True), ("B" * 1025, False)]


async def test_correction_may_need_fewer_messages(square: Square) -> None:
    """A text that fits under the picture moves there, and its own message goes; one that needs more is refused."""
    first = await square.announce({"en": "A" * 1025})
    await square.changes().correct(first.announcement.id, {"en": "Called off."})
    assert list(map(shape, square.peer.stands("en"))) == [("Called off.", True)]
    after, failures = await square.changes().correct(first.announcement.id, {"en": "B" * 1025})
    assert (failures, after.posts[0].text) == (1, "Called off.")
    assert "it needs 2 messages where 1 stand" in str(after.posts[0].error)
    assert list(map(shape, square.peer.stands("en"))) == [("Called off.", True)]


async def test_formatting_arrives(peer: Platform, square: Square) -> None:
    """Bold and links stand in the caption, after a correction too."""
    found = await square.announce({"en": "**TON** [here](https://example.org)"})
    await square.changes().correct(found.announcement.id, {"en": "On **TON**"})
    (posted,) = peer.server.posted
    assert [(one["type"], one["offset"], one["length"]) for one in posted.entities] == [("bold", 3, 3)]


async def test_group_that_moved_is_told_with_its_new_id(peer: Platform, square: Square) -> None:
    """A group that became a supergroup has another id, which belongs into the settings."""
    peer.server.moved[peer.server.boards.group.id] = -1009999
    found = await square.announce({"zh": "TON"})
    assert "write -1009999 in announce" in str(found.posts[0].error)


@pytest.mark.parametrize(
    ("status", "may_post", "told"),
    [
        ("administrator", True, False),
        ("administrator", False, True),
        ("member", True, True),
        ("left", True, True),
        ("kicked", True, True),
    ],
)
async def test_connect_asks_what_the_bot_is(peer: Platform, status: str, *, may_post: bool, told: bool) -> None:
    """In a channel only an administrator with that right may post."""
    news = peer.server.boards.news
    news.status, news.may_post = status, may_post
    said = await peer.announcing().connect()
    assert [reason.startswith("announce: the bot may not post in @exchange_news") for reason in said] == [True] * told


async def test_member_of_a_group_may_post(peer: Platform) -> None:
    """Whoever is in a group may write there; a place that is none is told as such."""
    peer.server.boards.group.status = "member"
    assert await peer.announcing().connect() == []
    places = [{"place": "@nowhere_at_all", "language": "en"}]
    (said,) = await peer.channel(announce=places).connect()
    assert said.startswith("announce: @nowhere_at_all: Chat not found: make the bot an administrator")


@pytest.mark.parametrize("place", ["news", "@a", "100123", "-100123:x", "https://t.me/news", "@news:7:8", ""])
def test_place_is_checked(place: str) -> None:
    """What is no channel, group or topic is refused with how to write one."""
    with pytest.raises(ValidationError, match="write @name or -1001234567890"):
        TelegramBoard(place=place, language="en")
