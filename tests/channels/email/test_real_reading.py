"""What only a real dovecot does to whoever reads a mailbox."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

import channels.email.reading
from channels.email import Email
from channels.email.mailbox import opened
from tests.channels.email.host import Notes
from tests.channels.email.real import RealPost
from tests.samples import until


@pytest.fixture
def only_idle(monkeypatch: pytest.MonkeyPatch, real: RealPost) -> None:
    """Nobody looks by himself: what is not announced is not found."""
    monkeypatch.setattr(channels.email.reading, "FIRST_WAIT", 1000.0)
    real.settings = {"poll_seconds": 1500}


@asynccontextmanager
async def reading(post: RealPost, host: Notes) -> AsyncIterator[None]:
    """While the mailbox is read."""
    task = asyncio.create_task(Email("email", post.configured()).run(host))
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])


async def idling(post: RealPost) -> int:
    """The process dovecot serves us with, once we wait for its news."""
    await until(post.sessions)
    await asyncio.sleep(0.5)
    return post.sessions()[0]


@pytest.mark.usefixtures("only_idle")
async def test_new_mail_is_announced(real: RealPost) -> None:
    """Dovecot pushes what postfix delivers, one mail after the other."""
    host = Notes()
    async with reading(real, host):
        await idling(real)
        for texts in (["one"], ["one", "two"]):
            await real.say("ann", texts[-1])
            await until(lambda: host.texts == texts)  # noqa: B023 - awaited here
    assert not host.troubles


@pytest.mark.usefixtures("only_idle")
@pytest.mark.parametrize("how", ["kicked", "killed"])
async def test_dropped_in_idle_is_noticed_at_once(real: RealPost, how: str) -> None:
    """Whether an administrator ends the session or its process dies, the next one begins and finds what came."""
    host = Notes()
    async with reading(real, host):
        await real.say("ann", "one")
        await until(lambda: host.texts == ["one"])
        process = await idling(real)
        if how == "kicked":
            real.servers.doveadm("kick", real.address)
        else:
            os.kill(process, signal.SIGKILL)
        await until(lambda: len(host.heard) == 2)
        await real.say("ann", "two")
        await until(lambda: host.texts == ["one", "two"])
    assert len(host.troubles) == 1


async def test_dovecot_restarts(real: RealPost) -> None:
    """What is handed in while it is away waits in the queue of postfix, and is read after that."""
    host = Notes()
    async with reading(real, host):
        await real.say("ann", "one")
        await until(lambda: host.texts == ["one"])
        real.servers.stop("dovecot")
        try:
            await real.hand_in(real._written("ann", "two", ()).as_bytes())
            await until(lambda: host.troubles and not real.servers.queued())
        finally:
            real.servers.start_dovecot()
        real.servers.flush()
        await until(lambda: host.texts == ["one", "two"])


async def test_renumbered_mailbox_says_nothing_twice(real: RealPost) -> None:
    """After dovecot lost what it knew of the mailbox, old mails are known again and the new one is read."""
    host = Notes()
    async with reading(real, host):
        for text in ("one", "two"):
            await real.say("ann", text)
        await until(lambda: host.texts == ["one", "two"])
        before = host.cursors[real.address]
        await asyncio.sleep(1.1)  # UIDVALIDITY is a time in seconds
        await real.renumber()
        await real.say("ann", "three")
        await until(lambda: host.texts == ["one", "two", "three"])
        await until(lambda: host.cursors[real.address].split(":")[0] != before.split(":")[0])


async def test_backlog_is_read_whole_and_in_order(real: RealPost) -> None:
    """More mails than are asked for at once, in the order dovecot got them."""
    said = [f"message {number}" for number in range(120)]
    real.fill(*said)
    host = Notes()
    async with reading(real, host):
        await until(lambda: len(host.said) == 120)
    assert host.texts == said
    assert not host.troubles


async def test_huge_mail_is_read_at_its_beginning(real: RealPost) -> None:
    """A mail of 30 MB comes through postfix and dovecot, its words are taken, and the one after it is read too."""
    head = f'From: ann@people.test\r\nTo: {real.address}\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    text = "--b\r\nContent-Type: text/plain\r\n\r\nSee the film.\r\n"
    film = "--b\r\nContent-Type: video/mp4; name=film.mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    await real.arrive((head + text + film).encode() + (b"A" * 76 + b"\r\n") * 390_000 + b"--b--\r\n")
    await real.say("ann", "next")
    host = Notes()
    async with reading(real, host):
        await until(lambda: len(host.said) == 2)
    assert host.texts == ["See the film.\n\n📎 film.mp4\n\n📎 … 30.4 MB", "next"]
    assert not host.troubles


async def test_each_folder_and_mailbox_is_read_by_itself(real: RealPost) -> None:
    """Two mailboxes, and a folder with a Chinese name below another: each entry hears its own."""
    sales, folder = f"sales.{real.address}", "Support.提现 & more"
    real.servers.doveadm("mailbox", "create", "-u", real.address, folder)
    real.file("in the folder", folder)
    inbox, other, deep = Notes(), Notes(), Notes()
    async with reading(real, inbox):
        real.settings = {"address": sales}
        async with reading(real, other):
            real.settings = {"folder": folder}
            async with reading(real, deep):
                await real.say("ann", "to support")
                await real.hand_in(real._written("ann", "to sales", ()).as_bytes(), sales)
                await until(lambda: inbox.said and other.said and deep.said)
                real.file("also there", folder)
                await until(lambda: len(deep.said) == 2)
    assert (inbox.texts, other.texts, deep.texts) == (["to support"], ["to sales"], ["in the folder", "also there"])
    assert other.said[0].place.account == sales


async def test_mails_taken_away_hold_up_nothing(real: RealPost) -> None:
    """A colleague deletes a read mail while we wait, and an unread one while we are away."""
    host = Notes()
    async with reading(real, host):
        await real.say("ann", "one")
        await until(lambda: host.texts == ["one"])
        real.servers.doveadm("expunge", "-u", real.address, "mailbox", "INBOX", "all")
        await real.say("ann", "two")
        await until(lambda: host.texts == ["one", "two"])
    await real.say("ann", "three")
    real.servers.doveadm("expunge", "-u", real.address, "mailbox", "INBOX", "body", "three")
    async with reading(real, host):
        await real.say("ann", "four")
        await until(lambda: host.texts == ["one", "two", "four"])
    assert not host.troubles


async def test_crowded_mailbox_is_no_wrong_password(real: RealPost) -> None:
    """Dovecot takes ten sessions of one user; the next one is told so, not to change a password that is right."""
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(opened(real.configured()))
        (wrong,) = await real.channel().connect()
    assert "LIMIT" in wrong
    assert "imap_password" not in wrong
