"""What leaves for Telegram, and what its errors mean."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.store.tables import MessageState
from channels.errors import ChannelError, MayHaveArrived, Never, NotYet, TryAgain
from channels.telegram.keyboard import MOST_BYTES, shortened
from channels.telegram.pace import Pace
from channels.words import Choice, Outbound, Place, Signal, StoredFile
from tests.channels.house import House
from tests.channels.peer import Fault
from tests.channels.telegram.boards import Refused
from tests.channels.telegram.platform import Platform
from tests.channels.telegram.samples import GROUP, ME
from tests.samples import until

ANN = Place(account=ME.account, handle="1001")


def outbound(text: str = "<p>Hello</p>", place: Place = ANN, **more: Any) -> Outbound:
    """One part."""
    return Outbound(**{"message_id": 1} | more, place=place, text=text, created_at=datetime(2026, 3, 2, tzinfo=UTC))


def stored(folder: Path, name: str, media_type: str, data: bytes = b"data") -> StoredFile:
    """A file that lies on disk."""
    path = folder / name
    path.write_bytes(data)
    return StoredFile(id=1, name=name, media_type=media_type, size=len(data), path=path)


@pytest.mark.parametrize(
    ("refused", "expected"),
    [
        (Refused(400, "Bad Request: chat not found"), Never),
        (Refused(403, "Forbidden: user is deactivated"), Never),
        (Refused(403, "Forbidden: bot was kicked from the supergroup chat"), Never),
        (Refused(400, "Bad Request: message is too long"), Never),
        (Refused(429, "Too Many Requests: retry after 7", retry_after=7), NotYet),
        (Refused(500, "Internal Server Error"), TryAgain),
        (Refused(502, "Bad Gateway"), TryAgain),
        (Refused(401, "Unauthorized"), TryAgain),
        (Refused(504, "Gateway Timeout"), MayHaveArrived),
    ],
)
async def test_refusal_means(peer: Platform, refused: Refused, expected: type[ChannelError]) -> None:
    """Each answer of Telegram's says whether to try again, without the token in the reason."""
    peer.server.refusals["sendMessage"] = [refused]
    with pytest.raises(expected) as caught:
        await peer.channel().send(outbound())
    assert not any(secret in str(caught.value) for secret in peer.secrets)
    if refused.parameters:
        assert isinstance(caught.value, NotYet)
        assert caught.value.after == 7


async def test_line_that_breaks_after_the_request_left_may_have_brought_it(peer: Platform) -> None:
    """Nobody can tell then; where no line came about, it surely was not sent."""
    channel = peer.channel()
    peer.faults["ann"] = [Fault.SILENT]
    sending = asyncio.create_task(channel.send(outbound()))
    await until(lambda: peer.server.posted)
    await peer.cut()
    with pytest.raises(MayHaveArrived):
        await sending
    with pytest.raises(MayHaveArrived):
        await channel.find(outbound())
    await peer.outage(on=True)
    with pytest.raises(TryAgain):
        await channel.send(outbound())
    assert len(peer.server.posted) == 1


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b'{"ok": true, "result": {"message_id": "x"}}'])
async def test_answer_that_cannot_be_read_may_mean_that_it_arrived(peer: Platform, answer: bytes) -> None:
    """Success was said, but not what became of the message."""
    peer.server.garbled["sendMessage"] = [answer]
    with pytest.raises(MayHaveArrived):
        await peer.channel().send(outbound())


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b'{"ok": true, "result": []}'])
@pytest.mark.parametrize("method", ["getMe", "getWebhookInfo"])
async def test_answer_that_cannot_be_read_is_told_at_the_login(peer: Platform, method: str, answer: bytes) -> None:
    """It is one of the things that are wrong, not a crash."""
    peer.server.garbled[method] = [answer]
    assert list(await peer.channel().connect())


@pytest.mark.parametrize("handle", ["", "ann", "1001x"])
async def test_place_that_is_no_chat_is_never(peer: Platform, handle: str) -> None:
    """A handle from elsewhere is refused without asking."""
    with pytest.raises(Never):
        await peer.channel().send(outbound(place=Place(account=ME.account, handle=handle)))


async def test_sent_is_named_as_replies_name_it(peer: Platform) -> None:
    """The id of what was sent is the one that `Inbound.reply_to` has."""
    sent = await peer.channel().send(outbound())
    assert sent.platform_id == f"1001:{peer.server.posted[0].id}"


async def test_styles_arrive_as_entities(peer: Platform) -> None:
    """Nothing is left for Telegram to parse, so nothing can be refused for its marks."""
    await peer.channel().send(outbound("<p>😀 <strong>5 &lt; 6</strong> *_[</p>"))
    posted = peer.server.posted[0]
    assert posted.text == "😀 5 < 6 *_["
    assert posted.entities == [{"type": "bold", "offset": 3, "length": 5}]


@pytest.mark.parametrize(
    ("name", "media_type", "kind"),
    [
        ("a.png", "image/png", "photo"),
        ("a.jpg", "image/jpeg", "photo"),
        ("a.gif", "image/gif", "animation"),
        ("a.ogg", "audio/ogg", "voice"),
        ("a.mp3", "audio/mpeg", "audio"),
        ("a.mp4", "video/mp4", "video"),
        ("a.pdf", "application/pdf", "document"),
        ("图.svg", "image/svg+xml", "document"),
    ],
)
async def test_file_is_shown_as_what_it_is(
    peer: Platform, tmp_path: Path, name: str, media_type: str, kind: str
) -> None:
    """A picture as a picture, a voice note to be listened to, the rest to be saved."""
    await peer.channel().send(outbound("", files=[stored(tmp_path, name, media_type)]))
    posted = peer.server.posted[0]
    assert (posted.kind, posted.files) == (kind, [(name, b"data")])


@pytest.mark.parametrize(
    ("method", "media_type", "reason"),
    [
        ("sendPhoto", "image/png", "Bad Request: PHOTO_INVALID_DIMENSIONS"),
        ("sendPhoto", "image/png", "Bad Request: IMAGE_PROCESS_FAILED"),
        ("sendVoice", "audio/ogg", "Bad Request: VOICE_MESSAGES_FORBIDDEN"),
    ],
)
async def test_file_that_cannot_be_shown_is_a_document(
    peer: Platform, tmp_path: Path, method: str, media_type: str, reason: str
) -> None:
    """Odd measures, or a person who wants no voice notes, keep nobody from having the file."""
    peer.server.refusals[method] = [Refused(400, reason)]
    await peer.channel().send(outbound("", files=[stored(tmp_path, "a.bin", media_type)]))
    assert [(posted.kind, posted.files) for posted in peer.server.posted] == [("document", [("a.bin", b"data")])]


async def test_file_that_is_gone_is_not_sent(peer: Platform, tmp_path: Path) -> None:
    """Where it cannot be read nothing left."""
    file = stored(tmp_path, "a.pdf", "application/pdf")
    file.path.unlink()
    with pytest.raises(TryAgain):
        await peer.channel().send(outbound("", files=[file]))


async def test_long_payload_comes_back_whole(house: House, peer: Platform) -> None:
    """A button carries 64 bytes; what is longer is found again, also after a restart."""
    payload = "intent:" + "提现" * 40
    async with house.open():
        await peer.say("ann", "withdrawal")
        await house.hears("withdrawal")
        await house.answer("ann", "Which one?", choices=[Choice(title="This", payload=payload)])
        await until(lambda: peer.seen("ann"))
    async with house.open():
        await peer.press("ann", "This")
        await until(lambda: len(house.heard()) == 2)
        await until(lambda: "answerCallbackQuery" in [method for method, _ in peer.server.calls])
    assert house.heard()[1].choice == payload


def test_short_payload_stays_as_it_is() -> None:
    """Only one that could be taken for a digest is hashed though it would fit."""
    assert shortened("human") == "human"
    assert len(shortened("x" * 65).encode()) <= MOST_BYTES
    assert shortened("sha256:abc") != "sha256:abc"


async def test_typing_is_shown_in_its_place(peer: Platform) -> None:
    """In the topic; where it cannot be shown nobody is told."""
    channel = peer.channel()
    await channel.signal(Place(account=ME.account, handle=f"{GROUP}:1001", thread="7", public=True), Signal.TYPING)
    await channel.signal(ANN, Signal.IDLE)
    await channel.signal(Place(account=ME.account, handle="nowhere"), Signal.TYPING)
    assert peer.server.calls == [("sendChatAction", {"chat_id": GROUP, "action": "typing", "message_thread_id": 7})]
    await peer.outage(on=True)
    await channel.signal(ANN, Signal.TYPING)


async def test_answer_in_a_group_stands_alone_where_the_question_is_gone(peer: Platform) -> None:
    """It asks Telegram to send it all the same."""
    place = Place(account=ME.account, handle=f"{GROUP}:1001", public=True)
    await peer.channel().send(outbound(place=place, answering={"message": {"message_id": 42}}))
    given = peer.server.calls[0][1]
    assert given["reply_parameters"] == {"message_id": 42, "allow_sending_without_reply": True}


@pytest.mark.parametrize("answering", [{}, {"message": None}, {"message": {"message_id": "x"}}, {"callback_query": 5}])
async def test_odd_question_does_not_hinder_the_answer(peer: Platform, answering: dict[str, Any]) -> None:
    """What is kept of a question may be anything."""
    place = Place(account=ME.account, handle=f"{GROUP}:1001", public=True)
    await peer.channel().send(outbound(place=place, answering=answering))
    assert peer.server.posted[0].answers is None


async def test_busy_group_holds_up_nobody_else(peer: Platform) -> None:
    """After a pause was named for a chat, nothing is even tried there before it is over."""
    channel = peer.channel()
    peer.server.refusals["sendMessage"] = [Refused(429, "Too Many Requests: retry after 9", retry_after=9)]
    with pytest.raises(NotYet):
        await channel.send(outbound())
    with pytest.raises(NotYet) as caught:
        await channel.send(outbound())
    assert caught.value.after
    assert 8 < caught.value.after <= 9
    await channel.send(outbound(place=Place(account=ME.account, handle="1002"), message_id=2))
    assert [method for method, _ in peer.server.calls] == ["sendMessage", "sendMessage"]


def test_pace_is_that_of_the_platform() -> None:
    """A private chat takes some at once and then one a second, a group twenty a minute, the bot thirty a second."""
    now = 0.0
    pace = Pace(lambda: now)
    assert [pace.wait(5, f"a{number}") for number in range(22)] == [0.0] * 20 + [1.0, 2.0]
    assert [pace.wait(-5, f"b{number}") for number in range(8)] == [0.0] * 8
    assert pace.wait(6, "c") == pytest.approx(1 / 30)
    now = 100.0
    assert [pace.wait(-5, f"d{number}") for number in range(21)] == [0.0] * 20 + [pytest.approx(3.0)]


def test_turn_is_kept_for_who_was_told_to_wait() -> None:
    """Coming back in time it goes at once, however many others came meanwhile."""
    now = 0.0
    pace = Pace(lambda: now)
    for number in range(20):
        assert pace.wait(5, f"a{number}") == 0
    assert pace.wait(5, "b") == 1
    assert pace.wait(5, "c") == 2
    now = 1.0
    assert pace.wait(5, "d") == 2
    assert pace.wait(5, "b") == 0
    assert pace.wait(5, "c") == 1
    assert pace.wait(5, "b") == 3


@pytest.mark.parametrize(
    ("changes", "webhook", "words"),
    [
        ({"can_read_all_group_messages": False}, {}, "/setprivacy"),
        ({"can_join_groups": False}, {}, "/setjoingroups"),
        ({}, {"url": "https://elsewhere.example.org/"}, "webhook_url"),
    ],
)
async def test_what_is_missing_is_told(
    peer: Platform, changes: dict[str, Any], webhook: dict[str, Any], words: str
) -> None:
    """Each with what to change."""
    peer.server.me |= changes
    peer.server.webhook |= webhook
    (found,) = await peer.channel().connect()
    assert words in found
    if changes:
        assert list(await peer.channel(groups=False).connect()) == []


async def test_wrong_token_is_told(peer: Platform) -> None:
    """Without the token in the words."""
    found = await peer.channel(token="7200000001:AAF-another-token-of-the-bot").connect()
    assert list(found) == ["Telegram does not know the bot: see the setting token"]


async def test_proxy_is_asked_for_the_way(peer: Platform) -> None:
    """Where one is set; that it refuses is told without its password, and nothing counts as sent."""
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        channel = peer.channel(proxy=f"http://desk:swordfish@127.0.0.1:{port}")
        (found,) = await channel.connect()
        with pytest.raises(TryAgain) as caught:
            await channel.send(outbound())
    assert asked[0].startswith(f"CONNECT localhost:{peer.server.port} ".encode())
    assert "swordfish" not in found + str(caught.value)


async def test_message_to_nobody_fails_with_the_reason(house: House, peer: Platform) -> None:
    """Staff read in the ticket why it did not arrive."""
    async with house.open():
        await peer.say("ann", "hello")
        await house.hears("hello")
        peer.server.refusals["sendMessage"] = [Refused(400, "Bad Request: chat not found")]
        await house.answer("ann", "Hello!")
        await house.has(MessageState.FAILED)
    assert "Chat not found" in (house.said()[0].error or "")
