"""A solved post wears the forum's tag for that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import bot.settling
from bot.conversation import now
from bot.store import handling
from bot.store.escalating import Escalation
from bot.store.settling_tables import Settling
from bot.store.tables import Ticket
from tests.channels.discord.peer import DiscordPeer
from tests.channels.discord.wire import BOT, Json
from tests.channels.house import House
from tests.samples import rows, until

TAGS = [{"id": str(number), "name": name} for number, name in enumerate(("Bug", "solved", "a", "b", "c", "d"), 1)]
ESCALATION = Escalation(
    prefix="FD",
    title="deposit",
    category="other",
    priority="normal",
    reason="human",
    language="en",
    promise=timedelta(hours=1),
)


@pytest.fixture
def guild(peer: DiscordPeer, monkeypatch: pytest.MonkeyPatch) -> Json:
    """A guild whose forum has six tags; and a core that tells at once."""
    monkeypatch.setattr(bot.settling, "LOOK", 0.05)
    monkeypatch.setattr(bot.settling, "FIRST_PAUSE", 0.05)
    made = peer.guild()
    made["channels"][1]["available_tags"] = TAGS
    return made


async def asked(house: House, peer: DiscordPeer, guild: Json, *tags: str) -> Json:
    """Ann has begun a post with `tags`, and met the bot there."""
    await peer.is_heard()
    post = peer.server.channels[await peer.begin(guild, 1, "ann", "my deposit is missing")]
    post["applied_tags"] = list(tags)
    await until(house.heard)
    peer.meet("ann", post["id"])
    return post


def solve(house: House) -> None:
    number = rows(house.database, Ticket)[-1].number
    house.database.transact(handling.hand_back, number, "Mei", "solved", lambda _: "Solved.", now())


async def is_told(house: House) -> None:
    await until(lambda: not rows(house.database, Settling))


async def test_solved_post_is_tagged_until_it_is_opened_again(house: House, peer: DiscordPeer, guild: Json) -> None:
    """The tag comes with the solved ticket and goes with the next one; what else the post wears stays."""
    async with house.open():
        post = await asked(house, peer, guild, "1")
        await house.answer("ann", "A person will look.", escalation=ESCALATION)
        await is_told(house)
        assert post["applied_tags"] == ["1"]
        solve(house)
        await until(lambda: post["applied_tags"] == ["1", "2"])
        await peer.say_in(post["id"], "ann", "no, it is still missing")
        await until(lambda: len(house.heard()) == 2)
        await house.answer("ann", "A person will look again.", escalation=ESCALATION)
        await until(lambda: post["applied_tags"] == ["1"])


async def test_helped_is_solved(house: House, peer: DiscordPeer, guild: Json) -> None:
    """Where the person says that the bot's answer helped, no ticket is needed; a sixth tag takes the place of a fifth.

    An archived post is opened for it: Discord changes nothing in one.
    """
    async with house.open():
        post = await asked(house, peer, guild, "1", "3", "4", "5", "6")
        post["thread_metadata"]["archived"] = True
        await house.answer("ann", "Glad to hear it.", helped=True)
        await until(lambda: post["applied_tags"] == ["1", "3", "4", "5", "2"])


async def test_what_is_solved_is_told_after_a_stop(house: House, peer: DiscordPeer, guild: Json) -> None:
    """Solved while nothing ran, the post gets its tag at the next start, also if Discord fails at first, and once."""
    async with house.open():
        post = await asked(house, peer, guild)
        await house.answer("ann", "A person will look.", escalation=ESCALATION)
        await is_told(house)
    solve(house)
    peer.server.guilds.meets = [500, 502]
    async with house.open():
        await until(lambda: post["applied_tags"] == ["2"])
        await is_told(house)
    assert (peer.server.guilds.changes, peer.server.guilds.meets) == (1, [])


@pytest.mark.parametrize("lacking", ["the tag", "the permission"])
async def test_what_cannot_be_tagged_is_let_be(house: House, peer: DiscordPeer, guild: Json, lacking: str) -> None:
    """A forum without the tag, or a bot that may not, is no failure: not tried again, and the operator is told."""
    if lacking == "the tag":
        guild["channels"][1]["available_tags"] = TAGS[:1]
    else:
        peer.server.guilds.permissions = 0
    async with house.open():
        post = await asked(house, peer, guild, "1")
        await house.answer("ann", "Glad to hear it.", helped=True)
        await is_told(house)
    assert (post["applied_tags"], peer.server.guilds.changes) == (["1"], 0)
    [problem] = await house.channel.connect()
    assert ("has no tag 'Solved'" if lacking == "the tag" else "Manage Threads") in problem


async def test_only_the_post_of_who_asked_is_tagged(house: House, peer: DiscordPeer, guild: Json) -> None:
    """That somebody else was helped in a post, or the asker in a plain thread, says nothing of the post."""
    named: dict[str, Any] = {"mentions": [{**BOT, "member": {}}]}
    async with house.open():
        post = await asked(house, peer, guild)
        await peer.say_in(post["id"], "bob", f"<@{BOT['id']}> mine too", **named)
        await until(lambda: len(house.heard()) == 2)
        peer.meet("bob", post["id"])
        await house.answer("bob", "Glad to hear it.", helped=True)
        await is_told(house)
    assert (post["applied_tags"], peer.server.guilds.changes) == ([], 0)
    assert await peer.channel().connect() == []
    assert await peer.channel(solved_tag="").connect() == []
