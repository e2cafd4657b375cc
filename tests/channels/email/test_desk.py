"""Mails and tickets over the whole way: one acknowledgement a thread, and everybody in their own."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.conversation import Content, Conversations
from bot.redaction import MARKS, Secret
from bot.settings import Settings
from bot.store.channel_tables import Cursor
from bot.store.database import Database
from bot.store.tables import Conversation, MessageState, Ticket, TicketEvent
from bot.tickets import Tickets
from bot.worker import Worker
from channels.email.threads import ours
from channels.words import Owner
from tests.channels.email.server import ADDRESS, Post
from tests.channels.house import House
from tests.floor import Floor, Mind, at_work
from tests.samples import rows, until

pytestmark = pytest.mark.usefixtures("quick")

CORPUS = Path(__file__).parent / "corpus"

#: States in which nothing is on its way any more.
DONE = {MessageState.HANDLED, MessageState.SENT, MessageState.FAILED, MessageState.WITHHELD}


async def unseen(*_: object) -> None:
    """Nobody sees a mail being typed."""


class Desk:
    """Frontdesk with its bot at work, a mailbox, and agents."""

    def __init__(self, post: Post, database: Database, settings: Settings, content: Content, folder: Path) -> None:
        self.post = post
        self.database = database
        self.house = House(post, database, settings, content, folder)
        self.tickets = Tickets(database, content.answers, patience=10)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """While the bot answers."""
        async with self.house.open():
            house = self.house
            talks = Conversations(house.database, house.content, Mind(), house.settings, {"email": house.channel})
            worker = Worker(house.database, talks, ["email"], unseen, lambda: None)
            async with at_work(Floor(worker, house.database)):
                yield

    async def mail(self, *head: str, text: str = "hello", sender: str = "Ann <ann@people.test>") -> None:
        """A mail comes in and is worked off, answers included."""
        before = len(self.house.heard())
        await self.send(*head, text=text, sender=sender)
        await until(lambda: len(self.house.heard()) == before + 1)
        await self.quiet()

    async def send(self, *head: str, text: str = "hello", sender: str = "Ann <ann@people.test>") -> None:
        """A mail comes in."""
        lines = [f"From: {sender}", f"To: {ADDRESS}", "Date: Mon, 02 Mar 2026 09:00:00 +0000", *head]
        await self.post.arrive(("\r\n".join(lines) + f"\r\n\r\n{text}\r\n").encode())

    async def quiet(self) -> None:
        """Returns once everything heard is handled and everything said has left."""
        await until(lambda: all(one.state in DONE for one in (*self.house.heard(), *self.house.said())))


@pytest.fixture
def desk(
    post: Post,
    sqlite: Database,
    settings: Settings,
    content: Content,
    tmp_path: Path,
) -> Desk:
    return Desk(post, sqlite, settings, content, tmp_path)


HUMAN = ("Subject: My withdrawal", "Message-ID: <root@people.test>", "Cc: carol@people.test")


async def test_no_mail_of_the_corpus_stops_the_mailbox(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything people, programs and attackers send is taken or passed over, and what comes after it is read."""
    mails = [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))]
    for data in mails:
        await desk.post.arrive(data)
    async with desk.house.open():
        await desk.post.say("ann", "the last one")
        await until(lambda: [message.text for message in desk.house.heard()][-1:] == ["the last one"])
        await until(lambda: rows(desk.database, Cursor)[0].value.split(":")[1] == str(100 + len(mails) + 1))
    written = capsys.readouterr().out
    assert [
        word for word in ("mail_not_taken", "mail_left_alone", "mailbox_fault", "channel_trouble") if word in written
    ] == []
    assert written.count("mail_unanswered") + len(desk.house.heard()) == len(mails) + 1
    text = "".join(message.text for message in desk.house.heard())
    assert not [odd for odd in ("\0", "\x1b", "<script", "track.gif") if odd in text]


@pytest.mark.parametrize(
    ("text", "wait"), [("I want a human", "within 4 hours"), ("转人工", "同事会在4小时内")], ids=["en", "zh"]
)
async def test_one_acknowledgement_a_thread(desk: Desk, text: str, wait: str) -> None:
    """It names ticket and expected time, in its thread and to the person alone; further mails get none."""
    async with desk.open():
        await desk.mail(*HUMAN, text=text)
        (told,) = desk.post.mails("ann")
        assert told["Subject"] == "Re: My withdrawal [FD-1001]"
        assert (told["In-Reply-To"], told["References"]) == ("<root@people.test>", "<root@people.test>")
        assert told["Auto-Submitted"] == "auto-replied"
        shown = desk.post.seen("ann")[0].text
        assert "FD-1001" in shown
        assert wait in shown
        name = str(told["Message-ID"])
        await desk.mail(
            "Subject: Re: My withdrawal", f"In-Reply-To: {name}", "Message-ID: <2@people.test>", text="hurry"
        )
        await desk.mail("Subject: Re: My withdrawal", "References: <root@people.test>", text="please, it is urgent")
        await desk.mail("Subject: fd-1001, any news?", text="提现要多久？")
        assert len(desk.post.mails("ann")) == 1
    assert list(desk.post.got) == ["ann@people.test"]
    (conversation,) = rows(desk.database, Conversation)
    assert conversation.owner is Owner.QUEUE
    assert [event.kind for event in rows(desk.database, TicketEvent)] == ["opened", "message", "message", "message"]


async def test_agents_answer_stands_in_the_thread(desk: Desk) -> None:
    """It answers the newest mail, carries the number, and goes to who got that mail as well."""
    async with desk.open():
        await desk.mail(*HUMAN, text="I want a human")
        await desk.mail("Subject: more", "Message-ID: <2@people.test>", "References: <root@people.test>", HUMAN[2])
        await desk.tickets.reply("FD-1001", "Anna", "It left a minute ago.")
        await desk.quiet()
    answer = desk.post.mails("ann")[-1]
    assert desk.post.seen("ann")[-1].text.strip() == "It left a minute ago."
    assert answer["Subject"] == "Re: more [FD-1001]"
    assert answer["In-Reply-To"] == "<2@people.test>"
    assert answer["References"] == "<root@people.test> <2@people.test>"
    assert answer["Cc"] == "carol@people.test"
    assert [mail["Message-ID"] for mail in desk.post.mails("carol")] == [answer["Message-ID"]]


async def test_agents_answer_that_bounces_is_on_the_ticket(desk: Desk) -> None:
    """The agent finds the answer failed, with the server's words without their secrets, and the next one leaves."""
    async with desk.open():
        await desk.mail(*HUMAN, text="I want a human")
        await desk.tickets.reply("FD-1001", "Anna", "It left a minute ago.")
        await desk.quiet()
        name = desk.post.mails("ann")[-1]["Message-ID"]
        words = "550 mailbox full, said 4111 1111 1111 1111"
        reports = f"Final-Recipient: rfc822; ann@people.test\r\nAction: failed\r\nDiagnostic-Code: smtp; {words}"
        kind = "Content-Type: multipart/report; report-type=delivery-status; boundary=b"
        text = f"--b\r\n\r\n{reports}\r\n\r\nMessage-ID: {name}\r\n--b--"
        await desk.send(kind, "Subject: failure notice", text=text, sender="MAILER-DAEMON@people.test")
        await until(lambda: desk.house.said()[-1].state is MessageState.FAILED)
        await desk.tickets.reply("FD-1001", "Anna", "Can you hear me?")
        await desk.quiet()
    view = await desk.tickets.show("FD-1001")
    assert [said.message.text for said in view.said if said.message.error] == ["It left a minute ago."]
    (failed,) = [event.detail for event in view.events if event.kind == "failed"]
    assert failed["error"] == f"550 mailbox full, said {MARKS[Secret.CARD]}"
    assert desk.post.seen("ann")[-1].text.strip() == "Can you hear me?"


async def test_machine_gets_no_acknowledgement(desk: Desk) -> None:
    """What a machine wrote opens nothing and is told nothing, whatever it says."""
    marks = ("Auto-Submitted: auto-replied", "Precedence: bulk", "List-Id: <l.people.test>", "X-Autoreply: yes")
    async with desk.open():
        for mark in marks:
            await desk.send("Subject: hello", mark, text="I want a human")
        await desk.send("Subject: Automatic reply: My withdrawal", text="I want a human")
        await desk.mail("Subject: hello", text="a person")
    assert len(desk.post.mails("ann")) == 1
    assert rows(desk.database, Ticket) == []


ANN = "Ann <ann@people.test>"
FORGED = "Authentication-Results: mx.frontdesk.test; dmarc=fail header.from=people.test"


@pytest.mark.parametrize(
    ("sender", "head"),
    [
        ("bob@people.test", ["Subject: [FD-1001] news?"]),
        (ANN, ["Subject: [FD-1001] news?", "Reply-To: bob@people.test"]),
        ("bob@people.test", ["Subject: [FD-1001] news?", "Reply-To: ann@people.test"]),
        (ANN, ["Subject: [FD-1001] news?", FORGED]),
        (ANN, ["Subject: [FD-1002] news?"]),
        (ANN, ["Subject: XFD-1001 FD-10011 FD-1001-2"]),
    ],
    ids=["another-person", "answer-elsewhere", "answer-to-her", "forged", "another-ticket", "only-alike"],
)
async def test_number_leads_nobody_else_into_a_thread(desk: Desk, sender: str, head: list[str]) -> None:
    """A ticket's number is no key: who is not the person it belongs to begins a conversation of their own."""
    desk.post.settings = {"authserv_id": "mx.frontdesk.test"}
    async with desk.open():
        await desk.mail(*HUMAN, text="I want a human")
        await desk.mail(*head, text="how long does it take?", sender=sender)
    assert len(rows(desk.database, Conversation)) == 2
    assert [event.kind for event in rows(desk.database, TicketEvent)] == ["opened"]


async def test_thread_we_know_is_stronger_than_a_number(desk: Desk) -> None:
    """Who answers within one thread and names the ticket of another stays where they are."""
    async with desk.open():
        await desk.mail(*HUMAN, text="I want a human")
        await desk.mail("Subject: Fees", "Message-ID: <fees@people.test>", text="what are the fees?")
        await desk.mail("Subject: Re: Fees FD-1001", "References: <fees@people.test>", text="and for FD-1001?")
        await desk.mail("Subject: FD-1001", "References: <lost@people.test>", text="and here?")
    first, second = rows(desk.database, Conversation)
    heard = [(message.text, message.conversation_id) for message in desk.house.heard()]
    assert heard[2:] == [("and for FD-1001?", second.id), ("and here?", first.id)]


async def test_answer_to_a_mail_without_a_name_finds_back(desk: Desk) -> None:
    """A mail without Message-ID and date is answered under our own name, which leads the next one back."""
    async with desk.open():
        await desk.mail("Subject: hello", text="what are the fees?")
        (answer,) = desk.post.mails("ann")
        assert answer["In-Reply-To"] is None
        await desk.mail("Subject: Re: hello", f"In-Reply-To: {answer['Message-ID']}", text="thank you")
    (conversation,) = rows(desk.database, Conversation)
    secret = hmac.digest(b"key", b"email", "sha256")
    assert ours(secret, "frontdesk.test", str(answer["Message-ID"]).strip("<>")) == ("2.0", conversation.thread)
