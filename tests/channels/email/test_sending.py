from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels.email import Email, sending
from channels.email.threads import ours
from channels.errors import ChannelError, MayHaveArrived, Never, TryAgain
from channels.words import Author, Outbound, Sent, StoredFile
from tests.channels.email.host import Notes
from tests.channels.email.server import ADDRESS, PASSWORD, Post
from tests.channels.peer import Fault
from tests.samples import until


def part(post: Post, **changes: Any) -> Outbound:
    """An answer of the bot's to Ann."""
    plain: dict[str, Any] = {
        "message_id": 12,
        "place": post.place("ann"),
        "text": "<p>About <strong>ten</strong> minutes.</p>",
        "created_at": datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        "answering": {
            "message_id": "first-ann@people.test",
            "references": ["root@people.test"],
            "subject": "My withdrawal",
            "to": [ADDRESS, "bob@people.test"],
            "cc": ["carol@people.test", "ann@people.test"],
        },
    }
    return Outbound(**plain | changes)


@pytest.fixture
async def channel(post: Post) -> AsyncIterator[Email]:
    """A channel at work, with a folder of sent mails."""
    post.settings = {"sent_folder": "Sent"}
    found = Email("email", post.configured())
    host = Notes()
    task = asyncio.create_task(found.run(host))
    await until(lambda: host.heard)
    yield found
    task.cancel()
    await asyncio.wait([task])


async def test_answer_stands_in_its_thread(post: Post, channel: Email) -> None:
    """It names the mail it answers and the thread, carries our signed name, and says that a machine wrote it."""
    sent = await channel.send(part(post, ticket="FD-1042"))
    (mail,) = post.mails("ann")
    assert mail["In-Reply-To"] == "<first-ann@people.test>"
    assert mail["References"].split() == ["<root@people.test>", "<first-ann@people.test>"]
    assert mail["Message-ID"] == mail["X-Frontdesk-Message-ID"] == f"<{sent.platform_id}>"
    assert ours(b"corpus", "frontdesk.test", sent.platform_id) == ("12.0", post.place("ann").thread)
    assert mail["Subject"] == "Re: My withdrawal [FD-1042]"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["From"] == f"Example Exchange <{ADDRESS}>"


async def test_answer_is_plain_text_and_html(post: Post, channel: Email) -> None:
    """Who reads no HTML reads the same words."""
    await channel.send(part(post, language="en"))
    (mail,) = post.mails("ann")
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain
    assert html
    assert plain.get_content().strip() == "About ten minutes."
    assert "<strong>ten</strong>" in html.get_content()
    assert '<html lang="en">' in html.get_content()


async def test_links_can_be_followed_without_html(post: Post, channel: Email) -> None:
    """The address of a link stands in the plain text, once."""
    text = '<p>See <a href="https://a.test/b">our page</a> or <a href="https://c.test">https://c.test</a>.</p>'
    await channel.send(part(post, text=text))
    assert post.seen("ann")[0].text.strip() == "See [our page](https://a.test/b) or https://c.test."


async def test_those_who_got_the_question_get_the_agents_answer(post: Post, channel: Email) -> None:
    """Others in To and Cc are kept, ourselves and the person are not named twice."""
    await channel.send(part(post, author=Author.AGENT))
    (mail,) = post.mails("bob")
    assert mail["To"] == "ann@people.test"
    assert mail["Cc"] == "bob@people.test, carol@people.test"
    assert sorted(post.got) == ["ann@people.test", "bob@people.test", "carol@people.test"]


@pytest.mark.parametrize("author", [Author.BOT, Author.SYSTEM])
async def test_machine_writes_to_the_person_alone(post: Post, channel: Email, author: Author) -> None:
    """Who was only copied asked nothing: neither answers of the bot nor notices go there."""
    await channel.send(part(post, author=author))
    assert list(post.got) == ["ann@people.test"]
    assert post.mails("ann")[0]["Cc"] is None


async def test_no_mailbox_of_ours_gets_a_copy(post: Post, channel: Email) -> None:
    """Neither an alias nor the address of another section: two of them would talk to each other."""
    post.settings = {"address": "Sales@frontdesk.test", "aliases": ("shop@frontdesk.test",)}
    post.channel()
    cc = ["sales@frontdesk.test", "SHOP@frontdesk.test", "carol@people.test"]
    await channel.send(part(post, author=Author.AGENT, answering={"subject": "hi", "cc": cc}))
    assert sorted(post.got) == ["ann@people.test", "carol@people.test"]


async def test_crowd_gets_no_copy(post: Post, channel: Email) -> None:
    """Nobody can use us to spread a mail to hundreds."""
    crowd = [f"user{number}@people.test" for number in range(200)]
    await channel.send(part(post, author=Author.AGENT, answering={"subject": "hi", "to": crowd, "cc": crowd}))
    assert list(post.got) == ["ann@people.test"]


async def test_agent_is_named_and_no_machine(post: Post, channel: Email) -> None:
    """What a human wrote carries their name, and no mark of a machine."""
    await channel.send(part(post, author=Author.AGENT, author_name="Anna"))
    (mail,) = post.mails("ann")
    assert mail["From"] == f'"Anna (Example Exchange)" <{ADDRESS}>'
    assert mail["Auto-Submitted"] is None


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("Hi\r\nBcc: everybody@people.test", "Re: Hi Bcc: everybody@people.test"),
        ("Hi\r\n\r\n<script>", "Re: Hi <script>"),
        ("提现\u2028问题 " * 100, None),
        ("x" * 5000, None),
        ("RE: My withdrawal", "RE: My withdrawal"),
        ("回复：提现", "回复：提现"),
        ("", "Re: Example Exchange"),
    ],
)
async def test_no_subject_writes_a_header(post: Post, channel: Email, subject: str, shown: str | None) -> None:
    """Line breaks in a subject stay in the subject, a long one is cut, an answer is marked as one once."""
    answering = {
        "message_id": "a@b>\r\nX-Evil: 1",
        "references": ["c@d>\r\nX-Evil: 1", "\r\nX-Evil: 1", 7],
        "subject": subject,
    }
    await channel.send(part(post, answering=answering, author_name="Eve\r\nX-Evil: 1"))
    (mail,) = post.mails("ann")
    assert mail["X-Evil"] is None
    assert mail["Bcc"] is None
    assert mail["In-Reply-To"] == "<a@b>"
    assert mail["References"] == "<c@d> <7> <a@b>"
    assert len(mail["Subject"]) < 250
    assert list(post.got) == ["ann@people.test"]
    if shown:
        assert mail["Subject"] == shown


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("My withdrawal", "Re: My withdrawal [FD-1042]"),
        ("Re: My withdrawal [FD-1042]", "Re: My withdrawal [FD-1042]"),
        ("Re: My withdrawal [FD-1001]", "Re: My withdrawal [FD-1042]"),
        ("[FD-1001] [FD-1002] again [FD-1042]", "Re: [FD-1001] [FD-1002] again [FD-1042]"),
        ("Order [ABC-7]", "Re: Order [ABC-7] [FD-1042]"),
        ("", "Re: Example Exchange [FD-1042]"),
        ("x" * 5000, f"Re: {'x' * 200} [FD-1042]"),
    ],
)
async def test_subject_carries_the_number(post: Post, channel: Email, subject: str, shown: str) -> None:
    """Of the open ticket, once; an older one's makes way, and what only looks like one stays."""
    await channel.send(part(post, ticket="FD-1042", answering={"subject": subject}))
    assert post.mails("ann")[0]["Subject"] == shown


@pytest.mark.parametrize(
    "answering", [{}, {"message_id": ""}, {"message_id": None, "references": ["root@people.test"]}]
)
async def test_mail_without_a_name_is_not_named(post: Post, channel: Email, answering: dict[str, Any]) -> None:
    """An answer to a mail without Message-ID claims to answer none."""
    await channel.send(part(post, answering=answering))
    assert post.mails("ann")[0]["In-Reply-To"] is None
    assert post.mails("ann")[0]["References"] is None


async def test_file_keeps_its_name(post: Post, channel: Email, tmp_path: Path) -> None:
    """A file arrives byte for byte, under a name in any script."""
    path = tmp_path / "stored"
    path.write_bytes(b"%PDF-1.4\n\0\xff")
    await channel.send(
        part(post, files=[StoredFile(id=1, name="提现.pdf", media_type="application/pdf", size=11, path=path)])
    )
    assert post.seen("ann")[0].files == [("提现.pdf", b"%PDF-1.4\n\0\xff")]


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.GONE, Never), (Fault.BUSY, TryAgain), (Fault.BROKEN, TryAgain), (Fault.CUT, TryAgain)],
)
async def test_errors_say_what_to_do_next(post: Post, channel: Email, fault: Fault, error: type[ChannelError]) -> None:
    """A recipient who is gone is given up, everything else before the words left is tried again."""
    post.faults["ann"] = [fault]
    with pytest.raises(error):
        await channel.send(part(post))
    assert not post.got


async def test_pause_of_a_grey_list_is_kept(post: Post, channel: Email) -> None:
    """Where the server names seconds, we wait for them."""
    post.pause = 300
    post.faults["ann"] = [Fault.BUSY]
    with pytest.raises(TryAgain) as caught:
        await channel.send(part(post))
    assert caught.value.after == 300


async def test_refused_copy_holds_up_nothing(post: Post, channel: Email) -> None:
    """The person gets the answer, even where somebody copied cannot be reached."""
    post.faults["bob"] = [Fault.GONE]
    await channel.send(part(post, author=Author.AGENT))
    assert sorted(post.got) == ["ann@people.test", "carol@people.test"]


@pytest.mark.parametrize(("answer", "error"), [("554 5.7.1 spam", Never), ("451 4.3.0 later", TryAgain)])
async def test_refused_words(post: Post, channel: Email, answer: str, error: type[ChannelError]) -> None:
    """A mail refused for what it says is given up; refused for now, it is tried again."""
    post.verdict = answer
    with pytest.raises(error):
        await channel.send(part(post))


async def test_line_cut_after_the_words_left_is_no_failure(post: Post, channel: Email) -> None:
    """The server had the mail when the line broke, so it must not be sent again."""
    post.faults["ann"] = [Fault.SILENT]
    task = asyncio.create_task(channel.send(part(post)))
    await until(lambda: post.got)
    post.smtp_line.cut()
    with pytest.raises(MayHaveArrived):
        await task
    assert len(post.mails("ann")) == 1


async def test_server_that_says_nothing_is_tried_again(
    post: Post, channel: Email, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that does not even greet has taken nothing, and we know so before the outbox loses patience."""
    monkeypatch.setattr(sending, "PATIENCE", 0.3)

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silence, "127.0.0.1", 0) as mute:
        post.smtp_line.target = mute.sockets[0].getsockname()[1]
        with pytest.raises(TryAgain):
            await channel.send(part(post))


async def test_lost_answer_is_looked_up_among_the_sent(post: Post, channel: Email) -> None:
    """Where the provider keeps a copy of what is sent we find it by our own name for it."""
    post.keeps_sent = True
    sent = await channel.send(part(post))
    assert await channel.find(part(post)) == Sent(platform_id=sent.platform_id)


async def test_missing_copy_proves_nothing(post: Post, channel: Email) -> None:
    """A mail that is not among the sent ones may be on its way into them."""
    with pytest.raises(MayHaveArrived):
        await channel.find(part(post))


async def test_nothing_is_sent_before_the_start(post: Post) -> None:
    """Without the core's key there is no name for a mail."""
    with pytest.raises(TryAgain):
        await Email("email", post.configured()).send(part(post))


@pytest.mark.parametrize("address", ["ann@", "a b@people.test", "ann@people.test\r\nRCPT TO:<eve@people.test>", ""])
async def test_impossible_address_is_never(post: Post, channel: Email, address: str) -> None:
    """An address nobody can write to is given up, and writes no command of its own."""
    place = post.place("ann")
    impossible = type(place)(account=place.account, handle=address, thread=place.thread)
    with pytest.raises(Never):
        await channel.send(part(post, place=impossible))
    assert not post.got


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("imap_password", "wrong", "imap_password"),
        ("smtp_password", "wrong", "smtp_password"),
        ("folder", "提现", "folder"),
        ("sent_folder", "Gone", "sent_folder"),
        ("imap_port", 1, "imap_port"),
        ("smtp_port", 1, "smtp_port"),
        ("imap_tls", True, "imap_tls"),
        ("smtp_tls", "tls", "smtp_tls"),
        ("smtp_tls", "starttls", "smtp_tls"),
        ("ca_bundle", "/nowhere", "ca_bundle"),
    ],
)
async def test_wrong_setting_is_named(post: Post, setting: str, value: object, named: str) -> None:
    """`frontdesk check --connect` says which setting to change, and no password."""
    tls = {"imap_tls": True, "smtp_tls": "tls"} if setting == "ca_bundle" else {}
    post.settings = {setting: value, **tls}
    wrong = await post.channel().connect()
    assert wrong
    assert all(named in line for line in wrong)
    assert PASSWORD not in "".join(wrong)


async def test_sender_who_is_not_admitted_is_named(post: Post) -> None:
    """A server that lets us in, but takes no mail of ours, is told as wrong; and it is sent none."""
    post.faults["support"] = [Fault.GONE]
    (wrong,) = await post.channel().connect()
    assert wrong.startswith("address, smtp_username or smtp_password")
    assert list(await post.channel().connect()) == []
    assert not post.got
