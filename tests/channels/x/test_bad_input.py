"""Whatever X tells or people send: kept, shown, passed over, and never in the way of what comes after it."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

import channels.x.media
import channels.x.reading
from bot.host import ChannelHost
from bot.store.tables import File
from channels.words import Attachment, Inbound, Received
from tests.channels.contract import PICTURE
from tests.channels.x.platform import Platform, Square
from tests.channels.x.samples import Build, answers, cursor
from tests.channels.x.server import Server, broken
from tests.samples import rows, until


async def test_odd_events_hold_nothing_up(peer: Platform, built: Build) -> None:
    """What is no event, has no sense or no words is passed over, and what comes after it is read."""
    house = built(peer)
    async with house.open():
        for odd in odd_events(peer.server):
            peer.server.messages.append(odd)
            peer.server.mentions.append(odd)
        await peer.say("ann", "")
        await peer.say("ann", "x" * (house.settings.conversation.longest_message + 1))
        await peer.say("ann", "still there?")
        await house.hears("still there?")
        await until(lambda: cursor(house, "dm") == peer.server.messages[-1]["id"])


def odd_events(server: Server) -> list[Any]:
    """Things X might put into a list of events."""
    return [
        {"id": server.new_id()},
        {"id": server.new_id(), "event_type": "MessageCreate", "sender_id": ["1001"], "text": 5},
        {"id": server.new_id(), "event_type": "ParticipantsJoin", "sender_id": "1001"},
        {"id": server.new_id(), "event_type": "MessageCreate", "sender_id": "1001", "text": "\u0000"},
    ]


async def test_file_that_cannot_be_had_is_named(peer: Platform, built: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is too large, gone, elsewhere or led elsewhere is left, and its address told; the others come."""
    monkeypatch.setattr(channels.x.media, "PAUSE", 0.05)
    large = Attachment(name="large.png", media_type="image/png", data=PICTURE + bytes(20_000_000))
    await peer.say("ann", "one", [large])
    await peer.say("ann", "two", [Attachment(name="gone.png", media_type="image/png", data=PICTURE)])
    gone = list(peer.server.media.values())[1]["url"]
    peer.server.instead = {f"GET {gone.removeprefix('https://ton.twitter.com')}": answers(broken(), broken(), broken())}
    await peer.say("ann", "three", [Attachment(name="x.png", media_type="image/png", data=PICTURE)])
    list(peer.server.media.values())[2]["url"] = "https://169.254.169.254/latest"
    await peer.say("ann", "four", [Attachment(name="moved.png", media_type="image/png", data=PICTURE)])
    moved = list(peer.server.media.values())[3]["url"]
    away = [web.Response(status=302, headers={"Location": "https://api.twitter.com/2/users/me"}) for _ in range(3)]
    peer.server.instead[f"GET {moved.removeprefix('https://ton.twitter.com')}"] = answers(*away)
    await peer.say("ann", "five", [Attachment(name="fine.png", media_type="image/png", data=PICTURE)])
    house = built(peer)
    async with house.open():
        await until(lambda: len(house.heard()) == 5)
    texts = [message.text.split("\n📎 ") for message in house.heard()]
    addresses = [one["url"] for one in peer.server.media.values()]
    words = ("one", "two", "three", "four")
    assert texts == [*([word, url] for word, url in zip(words, addresses, strict=False)), ["five"]]
    assert [what for what, _ in peer.server.asked].count("GET /2/users/me") == 1
    assert [file.name for file in rows(house.database, File)] == ["fine.png"]


async def test_three_hundred_files_are_no_flood(square: Square, built: Build) -> None:
    """Ten come in, the addresses of a hundred more are told, and the next post is heard."""
    house = built(square)
    files = [Attachment(name=f"{number}.png", media_type="image/png", data=PICTURE) for number in range(300)]
    async with house.open():
        await square.say("ann", "all of it", files)
        await square.say("ann", "after")
        await until(lambda: len(house.heard()) == 2)
    assert (house.heard()[0].text.count("📎"), house.heard()[1].text) == (100, "after")
    assert len(rows(house.database, File)) == 10


async def test_fault_of_ours_is_told_and_holds_up_nobody(
    peer: Platform, built: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault that passes costs no message; one that stays costs that one alone, and `frontdesk channels` says so."""
    monkeypatch.setattr(channels.x.reading, "FIRST_PAUSE", 0.01)
    house, faults, deliver = built(peer), [OSError(), OSError()], ChannelHost.deliver

    async def faulty(host: ChannelHost, inbound: Inbound) -> Received:
        if inbound.text == "once" and faults:
            raise faults.pop()
        if inbound.text == "poison":
            raise ZeroDivisionError
        return await deliver(host, inbound)

    monkeypatch.setattr(ChannelHost, "deliver", faulty)
    async with house.open():
        for text in ("once", "poison", "after"):
            await peer.say("ann", text)
        await house.hears("once", "after")
        await until(lambda: cursor(house, "dm") == peer.server.messages[-1]["id"])
    [state] = house.states._known.values()
    assert (state.error or "").endswith("was passed over: ZeroDivisionError")
