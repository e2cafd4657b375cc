"""The door of the core: whatever a platform hands in is stored, or refused with a reason, and never half of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

import bot.store.database
from bot.conversation import Content, Conversations
from bot.files import Files
from bot.host import LONGEST_ID, ChannelHost, clean_text
from bot.redaction import MARKS, Secret
from bot.settings import Settings
from bot.states import States
from bot.store import handling, outbox
from bot.store.database import Database
from bot.store.rows import BESIDE, WHOLE
from bot.store.tables import Address, Contact, Message, Revision
from bot.store.turn import Reply
from bot.understood import Understood
from channels.errors import NotStored, Unacceptable
from channels.memory import Memory
from channels.words import Attachment, Author, Choice, Inbound, Limits, Markup, Owner, Place
from tests.samples import ANN, NOW, answer, arrive, escalated, inbound, notice, rows, states, take

BOB = Place(account="bot-1", handle="bob")
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000")

Make = Callable[[Database], ChannelHost]


@pytest.fixture
def expected() -> list[tuple[int, datetime]]:
    """The turns that were announced."""
    return []


@pytest.fixture
def make(content: Content, settings: Settings, tmp_path: Path, expected: list[tuple[int, datetime]]) -> Make:
    """A host of the memory channel, which takes files of 1,000 bytes and shows HTML, on any database."""

    async def understand(_: str) -> Understood:
        raise AssertionError("nothing is understood at the door")

    def made(database: Database) -> ChannelHost:
        channel = Memory(limits=Limits(choices=10, files=True, file_bytes=1000, markup=Markup.HTML))
        conversations = Conversations(database, content, understand, settings, {"memory": channel})
        files = Files(tmp_path / "files")

        def expect(conversation_id: int, ready_at: datetime) -> None:
            expected.append((conversation_id, ready_at))

        return ChannelHost(channel, database, conversations, files, expect, settings, States(database), key=b"key")

    return made


@pytest.fixture
def host(database: Database, make: Make) -> ChannelHost:
    """A host on each database."""
    return make(database)


def png(name: str = "proof.png", size: int = 100) -> Attachment:
    """A picture of so many bytes."""
    return Attachment(name=name, media_type="image/png", data=PNG.ljust(size, b"\0"))


async def test_delivered_is_on_disk(
    database: Database, host: ChannelHost, expected: list[tuple[int, datetime]]
) -> None:
    """When `deliver` returns, the message is stored and its turn announced; a redelivery announces nothing."""
    received = await host.deliver(inbound("hello", name="Ann"))
    assert (received.fresh, states(database)) == (True, [("hello", "received")])
    assert [conversation_id for conversation_id, _ in expected] == [1]
    again = await host.deliver(inbound("hello"))
    assert (again.message_id, again.fresh, len(expected)) == (received.message_id, False, 1)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (inbound(""), "empty"),
        (inbound(" \n\t "), "empty"),
        (inbound("\x00\x07\u202e"), "empty"),
        (inbound("x" * 20_001), "too_long"),
        (inbound(attachments=[png()] * (Limits().most_files + 1)), "too_many_files"),
        (inbound(attachments=[png(), png(size=1001)]), "file_too_large"),
        (inbound(event=""), "bad_request"),
        (inbound(event="e\x00"), "bad_request"),
        (inbound(event="x" * (LONGEST_ID + 1)), "bad_request"),
        (inbound(event="\ud800"), "bad_request"),
        (inbound(place=Place(account="bot-1", handle="")), "bad_request"),
        (inbound(place=Place(account="bot-1", handle="a\x00b")), "bad_request"),
        (inbound(place=Place(account="bot-1", handle="ann", thread="信" * 400)), "bad_request"),
        (inbound(edit_of="\x00"), "bad_request"),
        (inbound(reply_to="\ud800"), "bad_request"),
        (inbound("", "d1", edit_of="e0", deleted=True), "unknown_message"),
        (inbound(choice="x" * (LONGEST_ID + 1)), "bad_request"),
        (inbound(language="\x00"), "bad_request"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_unacceptable_is_refused_with_a_code(
    database: Database, host: ChannelHost, tmp_path: Path, said: Inbound, code: str
) -> None:
    """What can never be taken is refused by a code the channel can translate, and nothing of it is kept."""
    with pytest.raises(Unacceptable) as refused:
        await host.deliver(said)
    assert refused.value.code == code
    assert rows(database, Message) == []
    assert list(tmp_path.glob("files/**/*")) == []


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("a\x00b\x07c\x1b[31m", "abc[31m"),
        ("line\r\nline\ttab", "line\nline\ttab"),
        ("pay \u202eesrever\u202c now", "pay esrever now"),
        ("half \ud83d of it", "half ? of it"),
        ("👨‍👩‍👧 مرحبا 提现", "👨‍👩‍👧 مرحبا 提现"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
    ids=["controls", "lines", "bidi", "surrogate", "languages", "html"],
)
async def test_text_is_stored_as_text(database: Database, host: ChannelHost, sent: str, stored: str) -> None:
    """What is no text is left out; every language, emoji and the look of code stay as they were written."""
    await host.deliver(inbound(sent, name=sent))
    (message,) = rows(database, Message)
    assert (message.text, message.author_name) == (stored, stored)


async def test_secret_is_never_stored(database: Database, host: ChannelHost) -> None:
    """Neither as text nor within the payload, nor in what an edit leaves behind."""
    said = "my card 4111 1111 1111 1111"
    await host.deliver(inbound(said, raw={"message": {"text": said}}))
    await host.deliver(inbound(f"{said}!", "e2", edit_of="e1", raw={"text": said}))
    (message,), (revision,) = rows(database, Message), rows(database, Revision)
    assert (message.text, revision.text) == (f"my card {MARKS[Secret.CARD]}!", f"my card {MARKS[Secret.CARD]}")
    assert "1111" not in str(message.raw) + str(revision.raw)


async def test_what_agents_see_is_clean(database: Database, host: ChannelHost) -> None:
    """What stands beside a text, and the whole of it, are text without secrets too, after an edit as before."""
    secret = "my card 4111 1111 1111 1111\x1b\r\n"
    for event, edited in (("e1", None), ("e2", "e1")):
        beside = {"subject\x1b": secret}
        await host.deliver(inbound("hello", event, whole=f"{secret}> hi", beside=beside, edit_of=edited))
        raw = rows(database, Message)[0].raw
        assert raw[WHOLE] == f"my card {MARKS[Secret.CARD]}\n> hi"
        assert raw[BESIDE] == {"subject": f"my card {MARKS[Secret.CARD]}\n"}


async def test_voucher_is_cleaned_too(database: Database, host: ChannelHost) -> None:
    """What a voucher says goes into the database as text, whatever characters it has."""
    await host.deliver(inbound(verified_by="shop", attributes={"tier": "vi\x00p", "no\ud800te": "x"}))
    assert (rows(database, Contact)[0].tier, rows(database, Address)[0].verified_by) == ("vip", "shop")


@given(said=st.text(alphabet=st.characters(), min_size=1, max_size=50))
def test_clean_text_is_clean(said: str) -> None:
    """Any text at all comes out as UTF-8 without controls or reordering, and cleaning it again changes nothing."""
    clean = clean_text(said)
    clean.encode()
    assert not any(ord(character) < 32 and character not in "\n\t" for character in clean)
    assert not set(clean) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x7f")
    assert clean_text(clean) == clean


@given(said=st.text(alphabet=st.characters(), max_size=30), handle=st.text(alphabet=st.characters(), max_size=10))
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_is_stored_or_refused(database: Database, host: ChannelHost, said: str, handle: str) -> None:
    """No text and no handle, however strange, is an unexpected error or a "try again" that never ends."""
    before = len(rows(database, Message))
    place = Place(account="bot-1", handle=handle)
    try:
        received = await host.deliver(inbound(said, f"e{before}", place))
    except Unacceptable:
        assert len(rows(database, Message)) == before
    else:
        assert received.fresh
        assert len(rows(database, Message)) == before + 1


async def test_file_is_opened_at_its_own_place(host: ChannelHost) -> None:
    """A delivered file is found by the person who sent it, with the type it has, and by nobody else."""
    await host.deliver(inbound("", attachments=[png()]))
    await host.deliver(inbound("hi", "e2", BOB))
    file = await host.file(ANN, 1)
    assert file
    assert (file.name, file.media_type, file.size) == ("proof.png", "image/png", 100)
    assert file.path.read_bytes() == png().data
    assert await host.file(BOB, 1) is None
    assert await host.file(ANN, 2) is None
    assert await host.file(ANN, 10**30) is None


async def test_transcript_is_what_the_person_saw(database: Database, host: ChannelHost) -> None:
    """User text stays plain, the rest comes in the channel's markup, with buttons and files, and who answers now."""
    assert (await host.transcript(ANN)).messages == ()
    await host.deliver(inbound("<b>hello</b>", attachments=[png()]))
    ticket = escalated(database, inbound("human", "e2"))
    _send_all(database)
    take(database, ticket.number)
    database.transact(handling.reply, ticket.number, "Anna", "**Hi** <script>x</script>", notice, NOW)
    _send_all(database)
    seen = await host.transcript(ANN)
    assert (seen.owner, seen.agent, seen.ticket) == (Owner.AGENT, "Anna", ticket.number)
    first, last = seen.messages[0], seen.messages[-1]
    assert (first.author, first.text, first.event_id) == (Author.USER, "<b>hello</b>", "e1")
    assert [file.name for file in first.files] == ["proof.png"]
    assert (last.author, last.author_name, last.event_id) == (Author.AGENT, "Anna", None)
    assert "<strong>Hi</strong>" in last.text
    assert "<script" not in last.text
    assert [message.text for message in (await host.transcript(ANN, limit=1)).messages] == [last.text]


async def test_transcript_has_the_buttons(database: Database, host: ChannelHost) -> None:
    """A button shown once is shown again after a reload."""
    answer(database, inbound(), replies=[Reply("Which?", "en", [Choice(title="Fees", payload="intent:fees")])])
    _send_all(database)
    assert (await host.transcript(ANN)).messages[-1].choices == [Choice(title="Fees", payload="intent:fees")]


async def test_cursor_is_the_channels_own(host: ChannelHost) -> None:
    """A cursor is found again by its account."""
    assert await host.cursor("bot-1") is None
    await host.keep_cursor("bot-1", "42")
    assert (await host.cursor("bot-1"), await host.cursor("bot-2")) == ("42", None)


def test_secret_is_of_the_channel(sqlite: Database, make: Make) -> None:
    """A channel's key is the same after a restart, another channel's is another, and neither is Frontdesk's own."""
    host = make(sqlite)
    again = make(sqlite)
    again._channel.name = "other"
    assert host.secret == make(sqlite).secret
    assert len(host.secret) == 32
    assert host.secret != b"key"


async def test_locked_database_is_not_stored(
    sqlite: Database, make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """While another process holds the database nothing is acknowledged; delivered again later it is stored once."""
    monkeypatch.setattr(bot.store.database, "LOCK_PATIENCE", 0.05)
    database = Database(sqlite.url)
    host = make(database)
    other = sqlite3.connect(tmp_path / "frontdesk.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    attempts: list[Callable[[], Any]] = [
        lambda: host.deliver(inbound()),
        lambda: host.transcript(ANN),
        lambda: host.file(ANN, 1),
        lambda: host.cursor("bot-1"),
        lambda: host.keep_cursor("bot-1", "42"),
        lambda: host.bounced("bot-1", "2.0", "gone"),
        lambda: host.thread_of_ticket("bot-1", "ann", "FD-1001"),
    ]
    for attempt in attempts:
        with pytest.raises(NotStored):
            await attempt()
    other.execute("ROLLBACK")
    other.close()
    assert (await host.deliver(inbound())).fresh
    assert states(database) == [("hello", "received")]
    database.close()


async def test_full_database_is_not_stored(sqlite: Database, make: Make) -> None:
    """A full disk acknowledges nothing and harms nothing that is stored."""
    host = make(sqlite)
    arrive(sqlite, inbound())
    pages = sqlite.transact(lambda session: session.execute(text("PRAGMA page_count")).scalar_one())
    await sqlite.run(lambda session: session.execute(text(f"PRAGMA max_page_count = {pages}")))
    with pytest.raises(NotStored, match="full"):
        await host.deliver(inbound("x" * 20_000, "e2"))
    assert states(sqlite)[0] == ("hello", "received")


async def test_folder_in_the_way_is_not_stored(sqlite: Database, make: Make, tmp_path: Path) -> None:
    """A file that cannot be kept leaves no message that names it."""
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(NotStored):
        await make(sqlite).deliver(inbound(attachments=[png()]))
    assert rows(sqlite, Message) == []


def _send_all(database: Database) -> None:
    while found := database.transact(outbox.claim, ["memory"], NOW, 10):
        for dispatch in found:
            database.transact(outbox.part_sent, dispatch.message.id, 0, "", last=True, now=NOW)
