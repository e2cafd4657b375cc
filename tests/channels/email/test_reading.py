from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

import channels.email.reading
from tests.channels.email.host import Notes
from tests.channels.email.server import ADDRESS, Post
from tests.samples import until

CORPUS = Path(__file__).parent / "corpus"


@asynccontextmanager
async def reading(post: Post, host: Notes) -> AsyncIterator[None]:
    """While our mailbox is read."""
    task = asyncio.create_task(post.channel().run(host))
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])


def numbered(number: int, text: str = "") -> bytes:
    """One of many mails."""
    head = f"From: ann@people.test\r\nTo: {ADDRESS}\r\nSubject: bomb\r\nMessage-ID: <{number}@people.test>\r\n\r\n"
    return f"{head}{text or number}\r\n".encode()


async def test_line_that_breaks_in_idle_is_opened_at_once(post: Post) -> None:
    """A connection that dies while the server has nothing to say is noticed long before the next poll."""
    host = Notes()
    async with reading(post, host):
        await post.say("ann", "one")
        await until(lambda: host.texts == ["one"])
        await asyncio.sleep(2)
        calls, began = post.imap_line.calls, monotonic()
        post.imap_line.cut()
        await until(lambda: len(host.heard) == 2)
        assert monotonic() - began < 10
        assert post.imap_line.calls == calls + 1
        await post.say("ann", "two")
        await until(lambda: host.texts == ["one", "two"])


async def test_several_mailboxes_are_read_at_once(post: Post) -> None:
    """Each section has its own mailbox, cursor and address; the same mail to both is a message in each."""
    async with Post().open() as other:
        other.settings = {"address": "sales@frontdesk.test", "imap_username": ADDRESS}
        both = [Notes(), Notes()]
        async with reading(post, both[0]), reading(other, both[1]):
            for place in (post, other):
                await place.arrive(numbered(1, "to both"))
            await other.say("ann", "to sales")
            await until(lambda: [host.texts for host in both] == [["to both"], ["to both", "to sales"]])
            await until(lambda: all(host.cursors for host in both))
    accounts = [{said.place.account for said in host.said} for host in both]
    assert accounts == [{ADDRESS}, {"sales@frontdesk.test"}]
    assert [list(host.cursors) for host in both] == [[ADDRESS], ["sales@frontdesk.test"]]


async def test_renumbered_mailbox_says_nothing_twice(post: Post) -> None:
    """After a move to another server old mails are known again and the new one is read."""
    host = Notes()
    async with reading(post, host):
        for text in ("one", "two"):
            await post.say("ann", text)
        await until(lambda: host.texts == ["one", "two"])
        before = host.cursors[ADDRESS]
        await post.renumber()
        await post.say("ann", "three")
        await until(lambda: host.texts == ["one", "two", "three"])
        await until(lambda: host.cursors[ADDRESS].split(":")[0] != before.split(":")[0])


async def test_mail_bomb_is_read_whole_and_in_order(post: Post) -> None:
    """A thousand mails at once are a thousand messages, in the order they came."""
    for number in range(1000):
        await post.arrive(numbered(number))
    host = Notes()
    async with reading(post, host):
        async with asyncio.timeout(60):
            while len(host.said) < 1000:  # noqa: ASYNC110 - a mailbox tells nobody
                await asyncio.sleep(0.05)
    assert host.texts == [str(number) for number in range(1000)]
    assert not host.troubles


async def test_huge_mail_is_read_at_its_beginning(post: Post) -> None:
    """Of a mail of 30 MB the words are taken and the file is named; the one after it is read too."""
    head = f'From: ann@people.test\r\nTo: {ADDRESS}\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    text = "--b\r\nContent-Type: text/plain\r\n\r\nSee the film.\r\n"
    film = "--b\r\nContent-Type: video/mp4; name=film.mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    await post.arrive((head + text + film).encode() + (b"A" * 76 + b"\r\n") * 390_000 + b"--b--\r\n")
    await post.say("ann", "next")
    host = Notes()
    async with reading(post, host):
        await until(lambda: len(host.said) == 2)
    assert host.texts == ["See the film.\n\n📎 film.mp4\n\n📎 … 30.4 MB", "next"]
    assert not host.said[0].attachments
    assert not host.troubles


async def test_what_could_not_be_stored_is_read_again(post: Post) -> None:
    """While the database is down the cursor stays, and afterwards every mail arrives once."""
    host = Notes(down=True)
    async with reading(post, host):
        await post.say("ann", "one")
        await until(lambda: host.troubles)
        assert ADDRESS not in host.cursors
        assert "database" in host.troubles[0]
        host.down = False
        await until(lambda: host.texts == ["one"])


async def test_refused_mail_holds_up_no_other(post: Post) -> None:
    """A mail that will never be taken is passed over."""
    host = Notes(refusal="no")
    async with reading(post, host):
        for text in ("no", "yes"):
            await post.say("ann", text)
        await until(lambda: host.texts == ["yes"])
    assert not host.troubles


@pytest.mark.parametrize(
    ("poison", "texts"),
    [(b"FETCH 101 (UID BODY.PEEK[])", ["one\n\n📎 … 0.0 MB", "two"]), (b"FETCH 101 (UID BODY", ["two"])],
    ids=["whole", "at all"],
)
async def test_mail_that_breaks_the_line_holds_up_no_other(
    post: Post, monkeypatch: pytest.MonkeyPatch, poison: bytes, texts: list[str]
) -> None:
    """A mail the server cannot hand out whole is read at its beginning; one it cannot hand out at all is left alone."""
    monkeypatch.setattr(channels.email.reading, "FIRST_PAUSE", 0.01)
    post.imap_line.poison = poison
    host = Notes()
    for text in ("one", "two"):
        await post.say("ann", text)
    async with reading(post, host):
        await until(lambda: host.texts == texts)
    assert len(host.troubles) in {3, 5}


async def test_only_messages_are_delivered(post: Post, capsys: pytest.CaptureFixture[str]) -> None:
    """Auto-replies, lists and loops start nothing; a bounce of ours is told with the part it is about."""
    host = Notes()
    for name in ("auto-exchange", "list-mailman", "loop-own-address", "bounce-postfix", "gmail-en"):
        await post.arrive((CORPUS / f"{name}.eml").read_bytes())
    async with reading(post, host):
        await until(lambda: host.texts == ["It was BTC."])
    written = capsys.readouterr().out
    assert "mail_bounced" in written
    assert [key for key, _ in host.bounces] == ["12.0"]
    assert host.bounces[0][1].endswith("User unknown")
    assert "User unknown" not in written


async def test_machine_that_does_not_say_so_is_found_out(post: Post) -> None:
    """The same words from one sender over and over are answered only so often."""
    post.settings = {"most_alike": 3}
    host = Notes()
    for number in range(6):
        await post.arrive(numbered(number, "Thank you for your mail!"))
    await post.arrive(numbered(6, "a person"))
    async with reading(post, host):
        await until(lambda: host.texts[-1:] == ["a person"])
    assert host.texts == ["Thank you for your mail!"] * 3 + ["a person"]


async def test_delivered_mail_is_marked_read_and_no_other(post: Post) -> None:
    """What became a message is seen; what nobody answers waits unread for a human."""
    host = Notes()
    await post.arrive((CORPUS / "list-mailman.eml").read_bytes())
    await post.say("ann", "one")
    async with reading(post, host):
        await until(lambda: host.texts == ["one"])
        await until(lambda: ":102:" in host.cursors[ADDRESS])
    assert await post.unread() == [101]


async def test_very_first_start_leaves_old_mail_alone(post: Post) -> None:
    """Nobody gets an answer to what they wrote before there was anybody to answer."""
    await post.arrive(numbered(1, "old"), at="01-Jan-2020 00:00:00 +0000")
    await post.say("ann", "new")
    host = Notes()
    async with reading(post, host):
        await until(lambda: host.texts == ["new"])
