"""Listening, whatever comes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.errors import StorageDown
from bot.host import ChannelHost
from bot.store.channel_tables import Cursor, Hearing
from bot.store.database import Database
from bot.store.tables import File
from channels.words import Attachment, Inbound, Received
from tests.channels.house import House
from tests.channels.telegram.boards import Refused
from tests.channels.telegram.platform import Platform
from tests.channels.telegram.samples import ME, payload
from tests.samples import rows, until

UNHEARD = [
    "service_joined",
    "service_pinned",
    "service_migrated",
    "poll",
    "channel_post",
    "blocked",
    "reaction",
    "unknown_kind",
    "pressed_inline",
    "without_sender",
]


def trouble(house: House) -> str | None:
    """Why Telegram is not heard; None while it is."""
    state = house.states._known.get(("telegram", ME.account))
    return state.error if state and state.hearing is Hearing.TROUBLE else None


async def test_what_is_no_message_is_passed_over(house: House, peer: Platform) -> None:
    """Between two messages everything else may come, also what no library knows."""
    async with house.open():
        await peer.say("ann", "before")
        for name in UNHEARD:
            await peer.server.tell(payload(name) | {"update_id": peer.server.number()})
        odds: list[dict[str, Any]] = [{}, {"message": {"chat": "?"}}, {"message": None}, {"edited_message": []}]
        for odd in odds:
            await peer.server.tell({"update_id": peer.server.number(), **odd})
        await peer.say("ann", "after")
        await house.hears("before", "after")
        await until(lambda: not peer.server.pending)


async def test_update_is_confirmed_only_when_it_is_stored(
    house: House, peer: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database is away Telegram keeps what was said, and it is read when the database is back."""
    run = Database.run

    async def down(*_args: object, **_kwargs: object) -> None:
        raise StorageDown("no disk")

    async with house.open():
        await peer.say("ann", "before")
        await house.hears("before")
        await until(lambda: not peer.server.pending)
        monkeypatch.setattr(Database, "run", down)
        await peer.say("ann", "meanwhile")
        await until(lambda: [update["message"]["text"] for update in peer.server.handed].count("meanwhile") >= 2)
        assert [update["message"]["text"] for update in peer.server.pending] == ["meanwhile"]
        monkeypatch.setattr(Database, "run", run)
        await house.hears("before", "meanwhile")


async def test_cursor_stands_behind_what_is_stored(house: House, peer: Platform) -> None:
    """It is the number Telegram is asked for next, also after Telegram began to count anew."""
    async with house.open():
        await peer.server.tell({"update_id": 900_000_000, "message": peer.message("ann", text="late")})
        await house.hears("late")
        await until(lambda: [row.value for row in rows(house.database, Cursor)] == ["900000001"])
        await until(lambda: not peer.server.pending)
        update = {"update_id": 500, "message": peer.message("ann", text="early")}
        await peer.server.tell(update, again=True)
        await house.hears("late", "early")
        await until(lambda: [row.value for row in rows(house.database, Cursor)] == ["501"])


async def test_large_file_stays_at_telegram(house: House, peer: Platform) -> None:
    """The message comes without it, and says so."""
    async with house.open():
        await peer.server.happen("message", payload("video_large")["message"])
        await house.hears("look at this\n📎 screen.mp4 (34.2 MB, left at Telegram)")
    assert not [method for method, _ in peer.server.calls if method == "getFile"]


async def test_file_that_is_gone_is_named(house: House, peer: Platform) -> None:
    """What Telegram does not hand out holds up nothing."""
    async with house.open():
        message = peer.message("bob", caption="看", **peer.upload(Attachment(name="a.pdf", media_type="x", data=b"1")))
        peer.server.files.clear()
        await peer.write(message)
        await house.hears("看\n📎 a.pdf（0.0 MB，留在 Telegram）")


async def test_file_is_tried_again(house: House, peer: Platform) -> None:
    """A failure on the way costs neither the file nor the message."""
    peer.server.refusals["getFile"] = [Refused(502, "Bad Gateway"), Refused(500, "Internal Server Error")]
    file = Attachment(name="report.pdf", media_type="application/pdf", data=b"%PDF-1.4\n%%EOF\n")
    async with house.open():
        await peer.say("ann", "look", [file])
        await house.hears("look")
    assert [found.size for found in rows(house.database, File)] == [len(file.data)]


async def test_second_reader_is_told(house: House, peer: Platform) -> None:
    """Where another program reads the bot's updates, that is the trouble, and it ends with it."""
    async with house.open():
        await peer.say("ann", "before")
        await house.hears("before")
        peer.server.refusals["getUpdates"] = [Refused(409, "Conflict: terminated by other getUpdates request")]
        await peer.say("ann", "now")
        await until(lambda: trouble(house) and "another program reads" in str(trouble(house)))
        await house.hears("before", "now")
        await until(lambda: trouble(house) is None)


async def test_wrong_token_is_told_and_tried_again(house: House, peer: Platform) -> None:
    """The channel goes on trying, and works once Telegram knows the bot."""
    peer.server.refusals["getMe"] = [Refused(401, "Unauthorized")]
    async with house.open():
        await peer.say("ann", "hello")
        await until(lambda: trouble(house) is not None)
        assert "setting token" in str(trouble(house))
        await house.hears("hello")


async def test_pause_that_telegram_asks_for_is_kept(house: House, peer: Platform) -> None:
    """Polling too fast is answered with a pause."""
    peer.server.refusals["getUpdates"] = [Refused(429, "Too Many Requests: retry after 1", retry_after=1)]
    loop = asyncio.get_running_loop()
    async with house.open():
        await peer.say("ann", "hello")
        began = loop.time()
        await house.hears("hello")
        assert loop.time() - began >= 1


async def test_answer_that_is_no_list_is_survived(house: House, peer: Platform) -> None:
    """Whatever stands where updates should, the channel asks again."""
    update = {"update_id": peer.server.number(), "message": peer.message("ann", text="hello")}
    peer.server.again = ["odd", 5, None, [], update]  # type: ignore[list-item]
    async with house.open():
        await house.hears("hello")


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b'{"ok": true, "result": {}}', b"[" * 100_000])
async def test_answer_that_cannot_be_read_is_trouble(house: House, peer: Platform, answer: bytes) -> None:
    """A proxy that answers in Telegram's place stops nothing for good, and what it said is not logged."""
    peer.server.garbled["getUpdates"] = [answer]
    async with house.open():
        await peer.say("ann", "hello")
        await until(lambda: trouble(house) is not None)
        await house.hears("hello")


async def test_channel_runs_again(house: House, peer: Platform) -> None:
    """After a stop the same one can listen anew."""
    channel = peer.channel()
    for text in ("one", "two"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(peer, "channel", lambda: channel)
            async with house.open():
                await peer.say("ann", text)
                await until(lambda text=text: house.heard()[-1:] and house.heard()[-1].text == text)  # type: ignore[misc]


async def test_fault_of_ours_is_told_and_holds_up_nobody(
    house: House, peer: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that our own code fails on is passed over in the end, and `frontdesk channels` says so."""
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
    state = house.states._known["telegram", ME.account]
    assert state.error
    assert state.error.endswith("was passed over: ZeroDivisionError")
