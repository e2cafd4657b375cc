"""What every channel keeps, whatever the platform does: subclass `Contract` with a fixture `peer`."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

import bot.delivery
from bot.conversation import Content
from bot.settings import Settings
from bot.store.database import Database
from bot.store.tables import File, MessageState, Revision
from channels.words import Attachment, Choice
from tests.channels.house import House
from tests.channels.peer import Fault, Peer
from tests.samples import rows, until

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc0500f0004850180841d8c0f0000000049454e44ae426082"
)
FILES = [
    Attachment(name="picture.png", media_type="image/png", data=PICTURE),
    Attachment(name="report.pdf", media_type="application/pdf", data=b"%PDF-1.4\n%%EOF\n"),
    Attachment(name="voice.ogg", media_type="audio/ogg", data=b"OggS\0\2" + bytes(22) + b"\1\x13OpusHead" + bytes(40)),
]
LONG = "\n\n".join(
    f"Paragraph {number}: " + "The quick brown fox jumps over the lazy dog. " * 12 for number in range(40)
)


class Contract:
    """The suite. A channel whose platform lacks something says so in its `Peer`."""

    @pytest.fixture(autouse=True)
    def brief(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Pauses between tries as short as a test can bear; those a platform names stay."""
        monkeypatch.setattr(bot.delivery, "FIRST_PAUSE", 0.1)

    @pytest.fixture
    def house(self, peer: Peer, sqlite: Database, settings: Settings, content: Content, tmp_path: Path) -> House:
        return House(peer, sqlite, settings, content, tmp_path)

    def test_abilities_are_those_of_the_platform(self, peer: Peer) -> None:
        """What this suite tries is what the channel declares, and `docs/channels.md` shows."""
        abilities = peer.channel().abilities
        assert abilities.edits >= peer.edits
        assert abilities.deletes == peer.deletes
        assert abilities.catches_up

    async def test_message_comes_in_and_answer_goes_out(self, house: House) -> None:
        """Words arrive as they were written, in either language, and so do the answers, in the right conversation."""
        async with house.open():
            await house.peer.say("ann", "How long does a withdrawal take?")
            await house.hears("How long does a withdrawal take?")
            await house.answer("ann", "About **ten** minutes <b> & so on.")
            await until(lambda: house.peer.seen("ann"))
            assert "ten" in house.peer.seen("ann")[0].text
            assert "<b> & so on." in house.peer.seen("ann")[0].text
            await house.peer.say("bob", "提现要多久？")
            await until(lambda: len(house.heard()) == 2)
            await house.answer("bob", "大约十分钟。")
            await house.sees("bob", "大约十分钟。")
            await house.has(MessageState.SENT, 2)
        assert [message.text for message in house.heard()] == ["How long does a withdrawal take?", "提现要多久？"]
        assert len(house.peer.seen("ann")) == 1

    async def test_redelivery_is_one_message(self, house: House) -> None:
        """What the platform delivers twice was said once, also after a restart."""
        async with house.open():
            first = await house.peer.say("ann", "one")
            await house.hears("one")
            await house.peer.repeat(first)
            await house.peer.say("ann", "two")
            await house.hears("one", "two")
        async with house.open():
            await house.peer.repeat(first)
            await house.peer.say("ann", "three")
            await house.hears("one", "two", "three")

    async def test_order_is_kept(self, house: House) -> None:
        """A burst is stored as it was written, and answers arrive as they were queued."""
        async with house.open():
            said = [f"message {number}" for number in range(12)]
            for text in said:
                await house.peer.say("ann", text)
            await house.hears(*said)
            answers = [f"answer {number}" for number in range(5)]
            await house.answer("ann", *answers)
            await house.sees("ann", *answers)

    async def test_what_was_said_meanwhile_is_caught_up(self, house: House) -> None:
        """After a stop everything written in between is read, once and in order."""
        async with house.open():
            await house.peer.say("ann", "before")
            await house.hears("before")
        for text in ("while", "away"):
            await house.peer.say("ann", text)
        async with house.open():
            await house.hears("before", "while", "away")
            await house.peer.say("ann", "after")
            await house.hears("before", "while", "away", "after")

    async def test_outage_is_caught_up(self, house: House) -> None:
        """After lines broke and were refused for a while everything is read, and the channel says how it is."""
        async with house.open():
            await house.peer.say("ann", "before")
            await house.hears("before")
            await house.peer.outage(on=True)
            await house.peer.cut()
            await house.peer.say("ann", "meanwhile")
            await asyncio.sleep(0.5)
            await house.peer.outage(on=False)
            await house.hears("before", "meanwhile")

    async def test_long_text_is_split_at_sentences(self, house: House) -> None:
        """A text longer than the platform takes arrives whole, in parts that end where sentences do, each once."""
        async with house.open():
            await house.peer.say("ann", "tell me everything")
            await house.hears("tell me everything")
            await house.answer("ann", LONG)
            await house.has(MessageState.SENT)
        parts = [seen.text.strip() for seen in house.peer.seen("ann")]
        assert " ".join(" ".join(parts).split()) == " ".join(LONG.split())
        assert all(part.endswith(".") for part in parts)

    async def test_part_is_not_sent_twice(self, house: House) -> None:
        """Where a later part has to be tried again, the ones before it are not."""
        async with house.open():
            await house.peer.say("ann", "tell me everything")
            await house.hears("tell me everything")
            house.peer.faults["ann"] = [Fault.BROKEN, Fault.BUSY, Fault.CUT]
            await house.answer("ann", LONG)
            await house.has(MessageState.SENT)
        text = " ".join(seen.text for seen in house.peer.seen("ann"))
        assert [text.count(f"Paragraph {number}:") for number in range(40)] == [1] * 40

    async def test_buttons_can_be_pressed_or_read(self, house: House) -> None:
        """A button comes back as its payload; where there are none, the choices are numbered lines."""
        async with house.open():
            await house.peer.say("ann", "withdrawal")
            await house.hears("withdrawal")
            choices = [
                Choice(title="How long?", payload="/intent withdrawal_time"),
                Choice(title="人工", payload="human"),
            ]
            await house.answer("ann", "Which one?", choices=choices)
            await until(lambda: house.peer.seen("ann"))
            if not house.channel.limits.choices:
                assert "1. How long?\n2. 人工" in house.peer.seen("ann")[0].text
                return
            assert list(house.peer.seen("ann")[0].buttons) == ["How long?", "人工"]
            await house.peer.press("ann", "人工")
            await until(lambda: len(house.heard()) == 2)
            assert house.heard()[1].choice == "human"

    async def test_files_come_in_and_go_out(self, house: House) -> None:
        """A picture, a document and a voice note arrive byte for byte, in both directions."""
        async with house.open():
            await house.peer.say("ann", "look", FILES)
            await until(lambda: len(rows(house.database, File)) == len(FILES))
            kept = [house.files.stored(file) for file in rows(house.database, File)]
            assert {file.path.read_bytes() for file in kept} == {file.data for file in FILES}
            assert {message.text for message in house.heard()} <= {"look", ""}
            await house.answer("ann", "Here you are.", files=FILES)
            await house.has(MessageState.SENT)
        if house.channel.limits.files:
            sent = [data for seen in house.peer.seen("ann") for _, data in seen.files]
            assert sorted(sent) == sorted(file.data for file in FILES)
        else:
            assert "report.pdf" in house.peer.seen("ann")[0].text

    async def test_edit_and_delete_keep_what_was_said(self, house: House) -> None:
        """An edited message says the new words, one taken back none, and the old ones are kept."""
        async with house.open():
            said = await house.peer.say("ann", "my withdrawl is gone")
            await house.hears("my withdrawl is gone")
            if house.peer.edits:
                await house.peer.edit(said, "my withdrawal is gone")
                await house.hears("my withdrawal is gone")
            if house.peer.deletes:
                await house.peer.delete(said)
                await house.hears("")
        assert len(rows(house.database, Revision)) == house.peer.edits + house.peer.deletes

    async def test_gone_recipient_is_never(self, house: House) -> None:
        """Who has blocked us is not tried again, and the message counts as failed, with the reason."""
        async with house.open():
            await house.peer.say("ann", "hello")
            await house.hears("hello")
            house.peer.faults["ann"] = [Fault.GONE]
            await house.answer("ann", "Hello!")
            await house.has(MessageState.FAILED)
        assert house.said()[0].attempts == 1
        assert house.said()[0].error

    async def test_busy_chat_holds_up_no_other(self, house: House) -> None:
        """The platform's pause holds for the chat it was named for, and the message leaves when it is over."""
        house.peer.pause = 2
        async with house.open():
            for person in ("ann", "bob"):
                await house.peer.say(person, f"hello from {person}")
            await until(lambda: len(house.heard()) == 2)
            house.peer.faults["ann"] = [Fault.BUSY]
            await house.answer("ann", "Hello Ann!")
            await until(lambda: house.said()[0].error and house.said()[0].state is MessageState.QUEUED)
            await house.answer("bob", "Hello Bob!")
            await house.sees("bob", "Hello Bob!")
            assert not house.peer.seen("ann")
            await house.sees("ann", "Hello Ann!")

    @pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.CUT])
    async def test_broken_platform_is_tried_again(self, house: House, fault: Fault) -> None:
        """What the platform surely has not taken is sent again, and arrives once."""
        async with house.open():
            await house.peer.say("ann", "hello")
            await house.hears("hello")
            house.peer.faults["ann"] = [fault]
            await house.answer("ann", "Hello!")
            await house.sees("ann", "Hello!")
            await house.has(MessageState.SENT)
        assert house.said()[0].attempts == 2

    async def test_silence_after_a_send_is_never_said_twice(self, house: House) -> None:
        """Where the answer to a send gets lost, the person sees the message once, and we know it or say `unknown`."""
        async with house.open():
            await house.peer.say("ann", "hello")
            await house.hears("hello")
            house.peer.faults["ann"] = [Fault.SILENT]
            await house.answer("ann", "Hello!")
            await until(lambda: house.said()[0].state in {MessageState.SENT, MessageState.UNKNOWN})
            await asyncio.sleep(house.patience)
        assert [seen.text.strip() for seen in house.peer.seen("ann")] == ["Hello!"]

    async def test_same_words_again_are_not_taken_for_the_first(self, house: House) -> None:
        """After a crash a message that never left is not found in an earlier one that says the same."""
        async with house.open():
            await house.peer.say("ann", "hello")
            await house.hears("hello")
            await house.answer("ann", "Hello!")
            await house.has(MessageState.SENT)
            await house.peer.say("ann", "hello?")
            await house.hears("hello", "hello?")
        await house.answer("ann", "Hello!")
        house.interrupted()
        async with house.open():
            await until(lambda: house.said()[1].state in {MessageState.SENT, MessageState.UNKNOWN})
        arrived = house.said()[1].state is MessageState.SENT
        assert len(house.peer.seen("ann")) == 1 + arrived

    async def test_secrets_are_not_logged(
        self, house: House, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Not even at the lowest level, and not in a trace of a failure."""
        caplog.set_level(logging.DEBUG)
        async with house.open():
            await house.peer.say("ann", "hello")
            await house.hears("hello")
            house.peer.faults["ann"] = [Fault.BROKEN, Fault.CUT, Fault.SILENT]
            await house.answer("ann", "Hello!")
            await until(lambda: house.said()[0].state in {MessageState.SENT, MessageState.UNKNOWN})
            await house.peer.outage(on=True)
            await house.peer.cut()
            await asyncio.sleep(0.5)
            await house.peer.outage(on=False)
        written = caplog.text + "".join(capsys.readouterr()) + repr(house.channel.settings)
        assert house.peer.secrets
        for secret in house.peer.secrets:
            assert secret not in written

    async def test_login_is_tried(self, house: House) -> None:
        """Nothing is wrong with a platform that lets us in; an outage is told, not raised."""
        assert list(await house.channel.connect()) == []
        await house.peer.outage(on=True)
        assert list(await house.channel.connect())
        await house.peer.outage(on=False)
