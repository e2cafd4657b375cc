"""What goes out: each error by what to do about it, and what became of a send."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.store.tables import File, MessageState
from channels.discord import Discord
from channels.errors import MayHaveArrived, Never, NotYet, TryAgain
from channels.words import Attachment, Choice, Outbound, Place, Signal, StoredFile
from tests.channels.discord.peer import DiscordPeer
from tests.channels.discord.wire import BOT, Json, answer, refusal
from tests.channels.house import House
from tests.channels.peer import Fault
from tests.samples import rows, until

Meeting = Callable[[web.Request, Json], Awaitable[web.Response]]


def outbound(peer: DiscordPeer, text: str = "Hello!", **more: Any) -> Outbound:
    plain = {"message_id": 7, "place": peer.place("ann"), "created_at": datetime.now(UTC)}
    return Outbound(text=text, **{**plain, **more})


def always(response: Callable[[], web.Response]) -> Meeting:
    async def meet(_: web.Request, __: Json) -> web.Response:
        return response()

    return meet


async def test_resend_is_shown_once(peer: DiscordPeer) -> None:
    """The same part sent again has the same name, so that Discord shows it once; another part has another."""
    part = outbound(peer)
    first = await peer.channel().send(part)
    assert await peer.channel().send(part) == first
    assert await peer.channel().send(replace(part, part=1)) != first
    assert [seen.text for seen in peer.seen("ann")] == ["Hello!", "Hello!"]


@pytest.mark.parametrize("tells_nonce", [True, False])
async def test_send_is_found_after_a_restart(peer: DiscordPeer, *, tells_nonce: bool) -> None:
    """Whether a part arrived is read from the history, by its name or, where that is not told, by its words."""
    peer.server.tells_nonce = tells_nonce
    await peer.say_in(peer.room("ann"), "ann", "Hello!")
    part = outbound(peer, choices=[Choice(title="Yes", payload="yes")])
    sent = await peer.channel().send(part)
    assert await peer.channel().find(part) == sent
    assert await peer.channel().find(outbound(peer, "Something else.", message_id=8)) is None


async def test_same_words_are_not_the_same_message(peer: DiscordPeer) -> None:
    """A part that did not arrive is not taken for an earlier one that says the same."""
    channel = peer.channel()
    part = outbound(peer)
    await channel.send(part)
    assert await channel.find(replace(part, message_id=8)) is None


async def test_same_words_to_another_person_are_not_the_same_message(peer: DiscordPeer) -> None:
    """In public a look-up goes by what is answered, too."""
    peer.server.tells_nonce = False
    room = peer.server.add_channel(type=0, name="questions", guild_id=peer.guild()["id"])
    asked = [await peer.server.post(room["id"], {"id": f"30000000000000000{n}"}, "how long?") for n in (1, 2)]
    place = replace(peer.place("ann"), thread=room["id"], public=True)
    to_ann, to_bob = (outbound(peer, place=place, answering=each) for each in asked)
    sent = await peer.channel().send(to_ann)
    assert await peer.channel().find(to_ann) == sent
    assert await peer.channel().find(replace(to_bob, message_id=8)) is None


async def test_outage_while_looking_is_unknown(peer: DiscordPeer) -> None:
    """Where Discord cannot be asked, nobody claims to know."""
    await peer.outage(on=True)
    with pytest.raises(MayHaveArrived):
        await peer.channel().find(outbound(peer))
    with pytest.raises(TryAgain):
        await peer.channel().send(outbound(peer))
    await peer.outage(on=False)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (403, 50007, Never),
        (403, 50001, Never),
        (403, 40003, TryAgain),
        (403, 0, TryAgain),
        (401, 0, TryAgain),
        (404, 10003, Never),
        (400, 50035, Never),
        (413, 40005, Never),
        (500, 0, MayHaveArrived),
        (502, 0, MayHaveArrived),
        (503, 0, TryAgain),
        (504, 0, MayHaveArrived),
    ],
)
async def test_errors_say_what_to_do(peer: DiscordPeer, status: int, code: int, error: type[Exception]) -> None:
    """Gone is never, what passes is tried again, and what may have been taken is looked up; all of it at once."""
    peer.server.meets = always(lambda: refusal(status, code, "No."))
    with pytest.raises(error):
        await peer.channel().send(outbound(peer))
    assert [request for request in peer.server.requests if request.endswith("/messages")] == [
        f"POST /api/v10/channels/{peer.room('ann')}/messages"
    ]


@pytest.mark.parametrize(
    ("response", "after"),
    [
        (lambda: answer({"retry_after": 7.5, "global": True}, 429, {"Via": "1.1 google"}), 7.5),
        (lambda: web.Response(status=429, text="<html>banned</html>", headers={"Retry-After": "3600"}), 3600.0),
        (lambda: web.Response(status=429), 30.0),
    ],
)
async def test_pause_is_the_platforms_own(
    peer: DiscordPeer, response: Callable[[], web.Response], after: float
) -> None:
    """How long to wait is taken from the body, else from the header, and nobody sleeps meanwhile."""
    peer.server.meets = always(response)
    begun = time.monotonic()
    with pytest.raises(NotYet) as told:
        await peer.channel().send(outbound(peer))
    assert told.value.after == after
    assert time.monotonic() - begun < 3


async def test_full_bucket_is_waited_for_or_told(peer: DiscordPeer) -> None:
    """A short wait for the next send is waited; a long one is told, and Discord is not asked for nothing."""
    channel = peer.channel()
    async with channel._line:
        peer.server.bucket = (2, 0.6)
        for number in range(5):
            await channel.send(outbound(peer, message_id=number))
        peer.server.bucket = (2, 600)
        peer.server._windows.clear()
        await channel.send(outbound(peer, message_id=10))
        await channel.send(outbound(peer, message_id=11))
        with pytest.raises(TryAgain) as told:
            await channel.send(outbound(peer, message_id=12))
    assert told.value.after
    assert told.value.after > 500
    assert len(peer.seen("ann")) == 7


async def test_what_discord_cannot_carry_is_never_sent(peer: DiscordPeer) -> None:
    """An empty text and a button that carries too much are refused for good."""
    for wrong in (outbound(peer, ""), outbound(peer, choices=[Choice(title="Yes", payload="x" * 100)])):
        with pytest.raises(Never):
            await peer.channel().send(wrong)
    long = Choice(title="y" * 100, payload="x" * 90)
    await peer.channel().send(outbound(peer, choices=[long, long]))
    assert [len(label) for label in peer.seen("ann")[0].buttons] == [80, 80]


async def test_nobody_is_called_by_an_answer(peer: DiscordPeer) -> None:
    """An answer that quotes "@everyone" calls nobody."""
    await peer.channel().send(outbound(peer, "You wrote: @everyone"))
    assert peer.server.messages[peer.room("ann")][-1]["allowed_mentions"]["parse"] == []


async def test_file_goes_out_under_its_name(peer: DiscordPeer, tmp_path: Path) -> None:
    """A file without a text is sent, and one that is not there any more stops nothing else."""
    (tmp_path / "kept").write_bytes(b"bytes")
    file = StoredFile(id=1, name="报告.pdf", media_type="application/pdf", size=5, path=tmp_path / "kept")
    await peer.channel().send(outbound(peer, "", files=[file]))
    assert peer.seen("ann")[0].files == [("报告.pdf", b"bytes")]
    with pytest.raises(TryAgain):
        await peer.channel().send(outbound(peer, files=[replace(file, path=tmp_path / "gone")]))


async def test_typing_is_shown_and_never_raises(peer: DiscordPeer) -> None:
    """Typing is shown where the person is; where it cannot be, nothing happens."""
    channel: Discord = peer.channel()
    await channel.signal(peer.place("ann"), Signal.TYPING)
    await channel.signal(peer.place("ann"), Signal.IDLE)
    await channel.signal(Place(account=str(BOT["id"]), handle="1", thread="2"), Signal.TYPING)
    assert peer.server.typing[0] == peer.room("ann")
    await peer.outage(on=True)
    await channel.signal(peer.place("ann"), Signal.TYPING)
    await peer.outage(on=False)


async def test_lost_answer_is_known_to_have_arrived(house: House, peer: DiscordPeer) -> None:
    """Where only the answer to a send got lost, the message counts as sent, at the first try."""
    async with house.open():
        await peer.say("ann", "hello")
        await house.hears("hello")
        peer.faults["ann"] = [Fault.SILENT]
        await house.answer("ann", "Hello!")
        await house.has(MessageState.SENT)
    assert len(peer.seen("ann")) == 1
    assert house.said()[0].attempts == 1


async def test_files_that_cannot_be_had_are_named(house: House, peer: DiscordPeer) -> None:
    """A file too large, one whose link is dead and one kept elsewhere are named in the text."""
    large = peer.server.upload("large.mp4", "video/mp4", b"x")
    dead = peer.server.upload("dead.png", "image/png", b"x")
    foreign = peer.server._listed(peer.server.upload("foreign.png", "image/png", b"x"))
    good = Attachment(name="good.txt", media_type="text/plain", data=b"good")
    listed = [
        {**peer.server._listed(large), "size": 11_000_000},
        peer.server._listed(dead),
        {**foreign, "url": "http://169.254.169.254/latest/meta-data"},
        peer.server._listed(peer.server.upload(good.name, good.media_type, good.data)),
    ]
    del peer.server.files[dead.id]
    async with house.open():
        await peer.is_heard()
        await peer.server.post(
            peer.room("ann"), {"id": "200000000000000001", "username": "ann"}, "", attachments=listed
        )
        await until(house.heard)
    assert house.heard()[0].text == "📎 large.mp4\n📎 dead.png\n📎 foreign.png"


async def test_three_hundred_files_are_no_flood(house: House, peer: DiscordPeer) -> None:
    """Ten come in, a hundred more are named in few words, and the next message is heard."""
    files = [Attachment(name=f"{number}{'x' * 200}.txt", media_type="text/plain", data=b"x") for number in range(300)]
    async with house.open():
        await peer.is_heard()
        await peer.say_in(peer.room("ann"), "ann", "all of it", files)
        await peer.say("ann", "after")
        await until(lambda: len(house.heard()) == 2)
    first, after = house.heard()
    assert (first.text.count("📎"), after.text) == (100, "after")
    assert len(rows(house.database, File)) == 10
