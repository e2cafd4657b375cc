"""What is said to everybody on Discord."""

from __future__ import annotations

import pytest
from aiohttp import web

from bot.store.announcement_tables import PostState
from tests.channels.announcements import Announcements, Square, square
from tests.channels.discord.boards import ATTACH, HISTORY, SEND, VIEW
from tests.channels.discord.peer import DiscordPeer
from tests.channels.discord.wire import BOT
from tests.channels.peer import Fault

__all__ = ["square"]


class TestDiscord(Announcements):
    """Nothing is left out."""


async def test_announcement_channel_passes_it_on(peer: DiscordPeer, square: Square) -> None:
    """To the servers that follow it, also where the answer to the post was lost; a text channel has no followers."""
    peer.faults["en"] = [Fault.SILENT]
    found = await square.announce()
    assert peer.server.boards.passed_on == found.posts[0].platform_ids
    assert square.states() == [PostState.SENT, PostState.SENT]


async def test_what_is_not_passed_on_is_posted_all_the_same(peer: DiscordPeer, square: Square) -> None:
    """Ten an hour are passed on; the eleventh stands there, and that its followers miss it is said."""
    peer.server.boards.refusals.append(
        web.json_response({"retry_after": 1800.0, "global": False}, status=429, headers={"Via": "1.1 google"})
    )
    found = await square.announce()
    assert square.states() == [PostState.SENT, PostState.SENT]
    assert "not passed on to those who follow" in str(found.posts[0].error)
    assert len(square.peer.stands("en")) == 1


async def test_nobody_is_pinged(peer: DiscordPeer, square: Square) -> None:
    """Whatever the text says, nobody's telephone rings, after a correction neither."""
    found = await square.announce({"en": "@everyone look"}, pictured=False)
    (message,) = peer.server.messages[peer.server.boards.news["id"]]
    assert message["allowed_mentions"]["parse"] == []
    await square.changes().correct(found.announcement.id, {"en": "@everyone look here"})
    assert peer.server.boards.edits[-1]["allowed_mentions"]["parse"] == []


@pytest.mark.parametrize(
    ("overwrites", "lacking"),
    [
        ([], ""),
        ([("guild", 0, SEND)], "Send Messages"),
        ([("role", 0, ATTACH | HISTORY)], "Attach Files, Read Message History"),
        ([("guild", 0, VIEW), ("role", VIEW, 0)], ""),
        ([("role", 0, SEND), ("me", SEND, 0)], ""),
        ([("role", SEND, 0), ("me", 0, SEND)], "Send Messages"),
    ],
)
async def test_connect_adds_up_permissions(
    peer: DiscordPeer, overwrites: list[tuple[str, int, int]], lacking: str
) -> None:
    """As Discord does: everyone's first, then the roles', then the bot's own."""
    boards = peer.server.boards
    ids = {"guild": boards.guild["id"], "role": boards.role["id"], "me": BOT["id"]}
    boards.text["permission_overwrites"] = [
        {"id": ids[who], "type": int(who == "me"), "allow": str(allow), "deny": str(deny)}
        for who, allow, deny in overwrites
    ]
    said = await peer.announcing().connect()
    place = boards.text["id"]
    wanted = f"announce: {place}: the bot lacks {lacking}: give it that in the channel's permissions"
    assert list(said) == ([wanted] if lacking else [])


@pytest.mark.parametrize("right", ["owner", "administrator"])
async def test_who_may_everything_lacks_nothing(peer: DiscordPeer, right: str) -> None:
    """Overwrites bind neither the owner nor an administrator."""
    boards = peer.server.boards
    boards.forbid()
    if right == "owner":
        boards.guild["owner_id"] = BOT["id"]
    else:
        boards.role["permissions"] = str(1 << 3)
    assert list(await peer.announcing().connect()) == []


async def test_place_that_is_none(peer: DiscordPeer) -> None:
    """A forum is no place for announcements, and a channel that is gone is none either."""
    forum = peer.server.add_channel(type=15, name="forum", guild_id=peer.server.boards.guild["id"])
    places = [{"place": forum["id"], "language": "en"}, {"place": "999999999999999999", "language": "en"}]
    first, second = await peer.channel(announce=places).connect()
    assert "is no text channel and no announcement channel" in first
    assert "Unknown Channel" in second
