"""What only a real postfix does to whoever sends through it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.email import Email
from channels.email.kinds import Kind
from channels.email.parse import Own, read
from channels.errors import ChannelError, Never, TryAgain
from channels.words import Author, Outbound, Sent
from tests.channels.email.host import Notes
from tests.channels.email.real import RealPost
from tests.channels.email.server import PASSWORD
from tests.channels.peer import Fault
from tests.samples import until


def part(post: RealPost, **changes: Any) -> Outbound:
    """An answer of the bot's to Ann, with a copy for Bob."""
    plain: dict[str, Any] = {
        "message_id": 12,
        "place": post.place("ann"),
        "text": "<p>大约 <strong>ten</strong> minutes.</p>",
        "created_at": datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        "answering": {
            "message_id": "first-ann@people.test",
            "subject": "提现",
            "to": [post.address],
            "cc": [post.address_of("bob")],
        },
    }
    return Outbound(**plain | changes)


@pytest.fixture
async def channel(real: RealPost) -> AsyncIterator[Email]:
    """A channel at work, with the folder in which the provider keeps what is sent."""
    real.settings = {"sent_folder": "Sent"}
    found = Email("email", real.configured())
    host = Notes()
    task = asyncio.create_task(found.run(host))
    await until(lambda: host.heard)
    yield found
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_answer_arrives_as_it_was_written(real: RealPost, channel: Email, tls: str) -> None:
    """Either way of TLS leads in; queue and delivery leave name, thread, subject, words and copies alone."""
    real.settings |= {"smtp_tls": tls}
    real.smtp_line.target = real.servers.submission if tls == "starttls" else real.servers.submissions
    assert list(await real.channel().connect()) == []
    channel._mail = real.configured()
    sent = await channel.send(part(real, author=Author.AGENT, author_name="Anna"))
    await until(lambda: real.seen("ann") and real.seen("bob"))
    (mail,) = real.mails("ann")
    assert mail["Message-ID"] == f"<{sent.platform_id}>"
    assert mail["In-Reply-To"] == "<first-ann@people.test>"
    assert mail["Subject"] == "Re: 提现"
    assert mail["Auto-Submitted"] is None
    assert "with ESMTPSA" in str(mail.get_all("Received", [])[1])
    assert [seen.text.strip() for seen in real.seen("bob")] == ["大约 ten minutes."]


async def test_answer_to_our_answer_stays_in_the_thread(real: RealPost, channel: Email) -> None:
    """The name we signed comes back through both servers and is known again."""
    host = Notes()
    await real.say("ann", "one")
    await channel.send(part(real))
    await until(lambda: real.seen("ann"))
    await real.say("ann", "two")
    reading = asyncio.create_task(real.channel().run(host))
    await until(lambda: host.texts == ["one", "two"])
    reading.cancel()
    await asyncio.wait([reading])
    assert {said.place.thread for said in host.said} == {real.place("ann").thread}


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.GONE, Never), (Fault.BUSY, TryAgain), (Fault.BROKEN, TryAgain), (Fault.CUT, TryAgain)],
)
async def test_errors_say_what_to_do_next(
    real: RealPost, channel: Email, fault: Fault, error: type[ChannelError]
) -> None:
    """Through the words postfix puts around a policy's answer."""
    real.pause = 300
    real.faults["ann"] = [fault]
    with pytest.raises(error) as caught:
        await channel.send(part(real))
    assert not isinstance(caught.value, TryAgain) or caught.value.after == (300 if fault is Fault.BUSY else None)
    await until(lambda: not real.servers.queued())
    assert not real.seen("ann")


@pytest.mark.parametrize(("answer", "error"), [("554 5.7.1 spam", Never), ("451 4.3.0 later", TryAgain)])
async def test_refused_words(real: RealPost, channel: Email, answer: str, error: type[ChannelError]) -> None:
    """A mail refused for what it says is given up; refused for now, it is tried again."""
    real.verdict = answer
    with pytest.raises(error):
        await channel.send(part(real))


async def test_lost_answer_is_looked_up_among_the_sent(real: RealPost, channel: Email) -> None:
    """The mail is in the queue when the answer gets lost, and its copy in the folder says so."""
    real.faults["ann"] = [Fault.SILENT]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3):
            await channel.send(part(real))
    await until(lambda: real.seen("ann"))
    await until(lambda: not real.servers.queued())
    found = await channel.find(part(real))
    assert found == Sent(platform_id=str(real.mails("ann")[0]["Message-ID"]).strip("<>"))


async def test_bounce_of_postfix_is_known(real: RealPost, channel: Email) -> None:
    """Taken first and refused later, the mail comes back with the part it is about."""
    gone = real.place("ann")
    place = type(gone)(account=gone.account, handle="ann@gone.test", thread=gone.thread)
    await channel.send(part(real, place=place, answering={}))
    await until(lambda: real.mails_of(real.address))
    own = Own(account=real.address, addresses=frozenset({real.address}), secret=Notes.secret)
    report = read(real.mails_of(real.address)[0].read_bytes(), own, datetime.now(UTC), None)
    assert report.kind is Kind.BOUNCE
    assert report.bounce
    assert (report.bounce.key, report.bounce.failed) == ("12.0", True)
    assert "No such user here" in report.bounce.reason


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("imap_password", "wrong", "imap_password"),
        ("smtp_password", "wrong", "smtp_password"),
        ("smtp_password", None, "address"),
        ("smtp_username", "other@frontdesk.test", "address"),
        ("smtp_tls", "none", "smtp_tls"),
        ("smtp_tls", "tls", "smtp_tls"),
        ("ca_bundle", None, "tls"),
        ("folder", "提现", "folder"),
    ],
)
async def test_wrong_setting_is_named(real: RealPost, setting: str, value: object, named: str) -> None:
    """`frontdesk check --connect` says which setting to change, and no password."""
    real.settings = {setting: value}
    wrong = await real.channel().connect()
    assert wrong
    assert all(named in line for line in wrong)
    assert PASSWORD not in "".join(wrong)


async def test_login_that_cannot_be_checked_is_no_wrong_password(real: RealPost, channel: Email) -> None:
    """While dovecot is away postfix knows nobody: the answer waits, and nobody is told to change a right password."""
    await channel.send(part(real))
    real.servers.stop("dovecot")
    try:
        with pytest.raises(TryAgain) as caught:
            await channel.send(part(real))
    finally:
        real.servers.start_dovecot()
    assert "password" not in str(caught.value)
    async with asyncio.timeout(20):
        while await real.channel().connect():  # noqa: ASYNC110 - postfix tells nobody
            await asyncio.sleep(0.2)
