"""The line to the gateway: what breaks it, and what must not."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

import channels.discord.inbox
from bot.host import ChannelHost
from bot.store.channel_tables import Hearing
from channels.discord import Discord
from channels.discord.rest import UNKNOWN_BUCKET
from channels.words import Inbound, Received
from tests.channels.discord.line import INVALID
from tests.channels.discord.peer import DiscordPeer
from tests.channels.house import PATIENCE, House
from tests.samples import until

ROOT = Path(__file__).parents[3]
ODD: list[object] = [
    None,
    [],
    "text",
    {},
    {"id": None, "channel_id": 5, "author": 7},
    {"id": "1", "channel_id": "2", "author": {"id": "3"}, "mentions": [1, None], "attachments": "x", "content": {}},
    {"id": "9" * 400, "channel_id": "2", "author": {"id": [], "bot": False}, "content": "hello", "type": "0"},
]


@pytest.fixture
async def other() -> AsyncIterator[DiscordPeer]:
    """Another Discord, elsewhere."""
    found = DiscordPeer()
    await found.server.start()
    yield found
    await found.server.stop()


async def test_broken_line_is_resumed(house: House, peer: DiscordPeer) -> None:
    """A line that only broke goes on where it was, without a new session, and nothing is missing."""
    async with house.open():
        await peer.say("ann", "one")
        await house.hears("one")
        await peer.server.gate.cut()
        await peer.say("ann", "two")
        await house.hears("one", "two")
    assert peer.server.gate.resumed == ["session-1"]
    assert len(peer.server.gate.identified) == 1


async def test_lost_session_is_begun_anew(house: House, peer: DiscordPeer) -> None:
    """Where Discord has forgotten the session, what was said meanwhile is read from the history."""
    async with house.open():
        await peer.say("ann", "one")
        await house.hears("one")
        peer.server.gate.sessions.clear()
        await peer.server.gate.cut()
        await peer.say("ann", "two")
        await house.hears("one", "two")
    assert len(peer.server.gate.identified) == 2


@pytest.mark.parametrize("event", ["MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "INTERACTION_CREATE"])
async def test_odd_events_are_survived(house: House, peer: DiscordPeer, event: str) -> None:
    """Payloads nobody foresaw end nothing: the next message is heard on the same line."""
    async with house.open():
        await peer.is_heard()
        for odd in ODD:
            await peer.server.gate.dispatch(event, odd)
        await peer.server.gate.dispatch("GUILD_CREATE", {"id": "1", "channels": [None, {}], "threads": 4})
        await peer.server.gate.dispatch("SOMETHING_NEW", {"a": 1})
        await peer.say("ann", "still here?")
        await until(lambda: "still here?" in [message.text for message in house.heard()])
    assert len(peer.server.gate.identified) == 1


@pytest.mark.parametrize("frame", ["{", "[]", json.dumps({"op": INVALID, "d": True}), json.dumps({"op": 10, "d": 0})])
async def test_unreadable_line_is_replaced(house: House, peer: DiscordPeer, frame: str) -> None:
    """A line that talks nonsense is given up for another, and nothing is missing."""
    async with house.open():
        await peer.say("ann", "one")
        await house.hears("one")
        for line in list(peer.server.gate.lines):
            await line.send_text(frame)
        await peer.say("ann", "two")
        await house.hears("one", "two")


async def test_refused_token_is_told(house: House, peer: DiscordPeer) -> None:
    """A wrong token is named, by `connect` and by the state of the channel, and not repeated."""
    wrong = "MTAwMDAwMDAwMDAwMDAwMDAx.wrong.token"
    channel = peer.channel(token=wrong)
    [told] = await channel.connect()
    assert told.startswith("token: ")
    peer.channel = lambda **_: channel  # type: ignore[method-assign]
    async with house.open():
        await until(lambda: list(house.states._known.values()))
    [state] = house.states._known.values()
    assert (state.account, state.hearing) == ("100000000000000001", Hearing.TROUBLE)
    assert "token" in (state.error or "")
    assert wrong not in (state.error or "")


async def test_missing_intent_is_told_and_done_without(house: House, peer: DiscordPeer) -> None:
    """Without the permission to read all messages `connect` names it, and direct messages are heard all the same."""
    peer.server.application["flags"] = 0
    [told] = await peer.channel().connect()
    assert "Message Content Intent" in told
    async with house.open():
        await peer.say("ann", "hello")
        await house.hears("hello")


async def test_two_bots_do_not_disturb_each_other(peer: DiscordPeer, other: DiscordPeer) -> None:
    """Each channel talks to its own addresses, whatever another one was told."""
    first, second = peer.channel(), other.channel()
    assert [list(told) for told in await asyncio.gather(first.connect(), second.connect())] == [[], []]
    await peer.outage(on=True)
    assert [len(told) for told in await asyncio.gather(first.connect(), second.connect())] == [1, 0]


def test_every_setting_is_documented() -> None:
    """But `type`, which every channel has."""
    page = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8").split("### Settings of a Discord bot")[1]
    assert set(re.findall(r"^\| `(\w+)`", page.split("\n## ")[0], re.MULTILINE)) == set(
        Discord.Settings.model_fields
    ) - {"type"}


async def test_fault_of_ours_is_told_and_holds_up_nobody(
    house: House, peer: DiscordPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that our own code fails on is passed over in the end, and `frontdesk channels` says so."""
    monkeypatch.setattr(channels.discord.inbox, "FIRST_PAUSE", 0.01)
    deliver = ChannelHost.deliver

    async def faulty(host: ChannelHost, inbound: Inbound) -> Received:
        if inbound.text == "poison":
            raise ZeroDivisionError
        return await deliver(host, inbound)

    monkeypatch.setattr(ChannelHost, "deliver", faulty)
    async with house.open():
        await peer.say("ann", "poison")
        await peer.say("ann", "after")
        await house.hears("after")
    state = house.states._known["discord", peer.place("ann").account]
    assert state.error
    assert state.error.endswith("was passed over: ZeroDivisionError")


async def test_what_met_a_fault_of_ours_is_not_lost(
    house: House, peer: DiscordPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault that passes costs no message: it is tried again before those after it, also by the next start."""
    monkeypatch.setattr(channels.discord.inbox, "FIRST_PAUSE", 0.01)
    deliver, faults = ChannelHost.deliver, [OSError(), OSError()]

    async def faulty(host: ChannelHost, inbound: Inbound) -> Received:
        if inbound.text in {"one", "three"} and faults:
            raise faults.pop()
        return await deliver(host, inbound)

    monkeypatch.setattr(ChannelHost, "deliver", faulty)
    async with house.open():
        await peer.say("ann", "one")
        await peer.say("ann", "two")
        await house.hears("one", "two")
        monkeypatch.setattr(channels.discord.inbox, "FIRST_PAUSE", 30)
        faults.append(OSError())
        await peer.say("ann", "three")
        await peer.say("ann", "four")
        await until(lambda: not faults)
    async with house.open():
        await house.hears("one", "two", "three", "four")


async def test_outage_uses_up_no_rate_limit(peer: DiscordPeer) -> None:
    """Requests that nobody answers name no window, however many they are: the next one is not held back."""
    line = peer.channel()._line
    id_ = peer.server.add_channel(type=0, name="questions")["id"]
    async with line as http, asyncio.timeout(PATIENCE):
        await peer.outage(on=True)
        for _ in range(UNKNOWN_BUCKET + 1):
            with pytest.raises(aiohttp.ClientError):
                await http.logs_from(id_, 100)
        await peer.outage(on=False)
        assert await http.logs_from(id_, 100) == []
