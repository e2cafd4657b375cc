"""What servers say about mails of ours that did not arrive, and what becomes of the message."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.conversation import Content
from bot.settings import Settings
from bot.store.database import Database
from bot.store.tables import MessageState
from channels.email.bounces import Bounce
from channels.email.kinds import Kind
from channels.email.parse import Own, read
from channels.email.threads import signed_id
from tests.channels.email.server import ADDRESS, Post
from tests.channels.house import House
from tests.samples import until

OWN = Own(account=ADDRESS, addresses=frozenset({ADDRESS}), secret=b"key")
ARRIVED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OURS = signed_id(b"key", "frontdesk.test", "12.0", "0" * 24)
EARLIER = signed_id(b"key", "frontdesk.test", "11.0", "0" * 24)


def recipient(address: str = "ann@people.test", action: str = "failed", status: str = "5.1.1") -> str:
    """What a report says of one."""
    said = f"Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 no {address}\n"
    return f"Final-Recipient: rfc822; {address}\n{said}"


def report(
    *recipients: str, name: str = OURS, cc: str = "", sender: str = "MAILER-DAEMON@mx.people.test", head: str = ""
) -> bytes:
    """A report with the head of the mail it is about."""
    returned = f"From: {ADDRESS}\nTo: ann@people.test\n{cc}References: <{EARLIER}>\nMessage-ID:\n <{name}>\n"
    parts = [
        "Content-Type: text/plain\n\nSorry.\n",
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n" + "\n".join(recipients),
        f"Content-Type: text/rfc822-headers\n\n{returned}",
    ]
    kind = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"'
    top = f"From: {sender}\nTo: {ADDRESS}\nSubject: Returned mail\n{head}{kind}\n\n"
    return (top + "".join(f"--b\n{part}\n" for part in parts) + "--b--\n").replace("\n", "\r\n").encode()


def bounce(data: bytes) -> Bounce:
    """What the report says."""
    mail = read(data, OWN, ARRIVED)
    assert mail.kind is Kind.BOUNCE
    assert mail.bounce
    return mail.bounce


@pytest.mark.parametrize(
    ("data", "failed"),
    [
        (report(recipient()), True),
        (report(recipient(action="delayed", status="4.4.7")), False),
        (report(recipient(action="Failed", status="4.4.7")), True),
        (report(recipient(action="relayed", status="2.0.0")), False),
        (report(recipient(action="delivered", status="2.0.0")), False),
        (report("Final-Recipient: rfc822; ann@people.test\nStatus: 5.0.0\n"), True),
        (report("Final-Recipient: rfc822; ann@people.test\nStatus: 4.0.0\n"), False),
        (report(recipient("carol@people.test"), cc="Cc: bob@x.test,\n Carol <Carol@people.test>\n"), False),
        (report(recipient("carol@people.test"), recipient(), cc="Cc: carol@people.test\n"), True),
        (report(recipient("carol@people.test"), recipient(action="delayed"), cc="Cc: carol@people.test\n"), False),
        (report(recipient("forwarded@elsewhere.test"), cc="Cc: carol@people.test\n"), True),
    ],
    ids=[
        *("failed", "delayed", "given-up", "relayed", "delivered", "status-5", "status-4"),
        *("copy", "copy-and-person", "copy-and-delayed", "forwarded"),
    ],
)
def test_only_the_end_of_the_persons_mail_is_a_failure(data: bytes, failed: bool) -> None:  # noqa: FBT001 - a case
    """A server that still tries has not failed, and somebody's lost copy is not the person's."""
    assert (bounce(data).key, bounce(data).failed) == ("12.0", failed)


def test_reason_is_about_the_person() -> None:
    """Of two recipients the words about the one who matters are told."""
    both = report(
        recipient("carol-with-a-long-name@people.test"), recipient(), cc="Cc: carol-with-a-long-name@people.test\n"
    )
    assert bounce(both).reason == "550 no ann@people.test"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (report(recipient()), "12.0"),
        (report(recipient(), name="unknown@elsewhere.test", head=f"In-Reply-To: <{OURS}>\n"), "12.0"),
        (report(recipient(), name="unknown@elsewhere.test"), "11.0"),
        (report(recipient(), name="unknown@x.test", head=f"X-Seen: <{OURS}>\n"), None),
        (report(recipient(), name=OURS.replace("12.0", "13.0")), "11.0"),
        (report(recipient(), name="a1b2@relay.test", cc=f"X-Frontdesk-Message-ID: <{OURS}>\n"), "12.0"),
    ],
    ids=["message-id", "in-reply-to", "the-only-one", "one-of-two", "forged", "renamed-by-a-relay"],
)
def test_the_mail_is_known_by_its_own_name(data: bytes, key: str | None) -> None:
    """Other mails of its thread are named in a report as well; where it is not clear which, it is none."""
    assert bounce(data).key == key


@pytest.mark.parametrize(
    ("sender", "subject", "kind", "failed"),
    [
        ("MAILER-DAEMON@people.test", "failure notice", Kind.BOUNCE, True),
        ("MAILER-DAEMON@people.test", "Warning: delivery delayed", Kind.BOUNCE, False),
        ("admin@people.test", "Undeliverable: hello", Kind.BOUNCE, True),
        ("ann@people.test", "I am away", Kind.BOUNCE, False),
        ("ann@people.test", "Out of office: hello", Kind.AUTO_REPLY, None),
    ],
)
def test_mail_without_a_report(sender: str, subject: str, kind: Kind, failed: bool | None) -> None:  # noqa: FBT001 - a case
    """Only who carries mail, or says so, tells that one was not delivered; who is away has got it."""
    head = f"Return-Path: <>\nFrom: {sender}\nTo: {ADDRESS}\nSubject: {subject}\nIn-Reply-To: <{OURS}>\n\nSorry.\n"
    mail = read(head.encode(), OWN, ARRIVED)
    assert (mail.kind, mail.bounce and mail.bounce.failed) == (kind, failed)


@pytest.mark.parametrize("marked", ["", "Auto-Submitted: auto-replied\n"])
def test_postman_who_calls_himself_a_machine_is_one(marked: str) -> None:
    """A refusal is one, also where it is marked as written by a machine."""
    head = f"From: MAILER-DAEMON@mx.test\nTo: {ADDRESS}\nSubject: failure notice\n{marked}\nMessage-ID: <{OURS}>\n"
    assert bounce(head.encode()) == Bounce("12.0", "failure notice", failed=True)


async def test_bounced_answer_is_failed(
    post: Post, sqlite: Database, settings: Settings, content: Content, tmp_path: Path
) -> None:
    """Over the whole way: a delay changes nothing, a refusal fails the answer with the server's words, once."""
    house = House(post, sqlite, settings, content, tmp_path)
    async with house.open():
        await post.say("ann", "hello")
        await house.hears("hello")
        await house.answer("ann", "Hello!")
        await house.has(MessageState.SENT)
        name = post.seen("ann")[0].id.strip("<>")
        await post.arrive(report(recipient(action="delayed", status="4.0.0"), name=name))
        await post.say("ann", "still there?")
        await house.hears("hello", "still there?")
        assert house.said()[0].state is MessageState.SENT
        for _ in range(2):
            await post.arrive(report(recipient(), name=name))
        await house.has(MessageState.FAILED)
        await post.say("bob", "next")
        await until(lambda: len(house.heard()) == 3)
    assert house.said()[0].error == "550 no ann@people.test"
    assert house.said()[0].attempts == 1
