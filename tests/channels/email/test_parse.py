from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pydantic import SecretStr

from channels.email import Email
from channels.email.charsets import header_text, text_of
from channels.email.echoes import Echoes
from channels.email.mailbox import utf7
from channels.email.parse import Own, parse, read
from channels.email.quotes import folded
from channels.email.reading import Cursor
from channels.email.settings import EmailSettings
from channels.email.threads import ids, ours, signed_id, thread_of
from channels.words import Inbound

ADDRESS = "support@frontdesk.test"
OWN = Own(account=ADDRESS, addresses=frozenset({ADDRESS}), secret=b"key", authserv_id="mx.frontdesk.test")
ARRIVED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CORPUS = [path.read_bytes() for path in sorted((Path(__file__).parent / "corpus").glob("*.eml"))]


def mail(*headers: str, body: str = "hello", sender: str = "ann@people.test") -> bytes:
    """A plain mail of Ann's."""
    lines = [f"From: {sender}", f"To: {ADDRESS}", "Date: Mon, 02 Mar 2026 09:00:00 +0000", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body + "\r\n").encode()


def said(data: bytes) -> Inbound:
    """The message in a mail."""
    found = parse(data, OWN, ARRIVED)
    assert found
    return found


def in_parts(*parts: str) -> bytes:
    """A mail of several parts."""
    body = "".join(f"--b\r\n{part}\r\n" for part in parts)
    return mail('Content-Type: multipart/mixed; boundary="b"', body=f"{body}--b--")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(whole=some.sampled_from(CORPUS), cuts=some.lists(some.tuples(some.integers(0, 5000), some.binary(max_size=6))))
def test_no_bytes_make_it_raise(whole: bytes, cuts: list[tuple[int, bytes]]) -> None:
    """Mails with bytes changed, lost and put in are read all the same, and what is kept of them can be stored."""
    data = bytearray(whole)
    for at, put in cuts:
        data[at : at + len(put) // 2] = put
    found = read(bytes(data), OWN, ARRIVED)
    if found.inbound:
        assert json.dumps(found.inbound.raw)
        assert found.inbound.event_id
        assert "\0" not in found.inbound.text
        found.inbound.text.encode()


@settings(max_examples=100, deadline=None)
@given(some.binary(max_size=300))
def test_no_noise_makes_it_raise(noise: bytes) -> None:
    """Bytes that are no mail at all are no message, or an odd one."""
    read(noise, OWN, ARRIVED)
    read(b"From: a@b.test\r\nSubject: " + noise, OWN, ARRIVED)
    read(mail("Content-Type: text/html") + noise, OWN, ARRIVED)


@pytest.mark.parametrize(
    "data",
    [
        b"".join(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (i, i + 1) for i in range(3000)),
        b"--b0\r\n\r\nx\r\n" * 50_000,
        b"<blockquote>x" * 70_000,
        b"<table>" + b"<tr>" + b"<td>x" * 2000 + b"</tr>" + b"<tr><td>y" * 30_000,
        b"On Mon, 2 Mar 2026 at 09:00 Ann wrote:\r\n" * 20_000,
        b"From: a\r\nTo: b\r\n" * 50_000,
        (b"-" * 5000 + b"\r\n") * 200,
    ],
    ids=["nested", "parts", "quotes", "cells", "attributions", "headers", "rules"],
)
@pytest.mark.parametrize("type_", ["text/plain", "text/html", "multipart/mixed; boundary=b0"])
def test_no_mail_takes_long(data: bytes, type_: str) -> None:
    """A mail made to keep us busy is read in seconds."""
    began = monotonic()
    read(mail(f"Content-Type: {type_}", body="") + data, OWN, ARRIVED)
    assert monotonic() - began < 10


def test_three_hundred_attachments() -> None:
    """As many files as the channel carries are taken, the next ones are named, the rest are counted."""
    parts = [f"Content-Type: text/csv; name=f{number}.csv\r\n\r\n{number}" for number in range(300)]
    found = said(in_parts("Content-Type: text/plain\r\n\r\nLook:", *parts))
    most = Email.limits.most_files
    assert [file.name for file in found.attachments] == [f"f{number}.csv" for number in range(most)]
    assert found.text.startswith(f"Look:\n\n📎 f{most}.csv\n📎 f{most + 1}.csv")
    assert found.text.endswith("📎 + 260")


def test_large_file_is_named() -> None:
    """A file larger than the channel carries is named with its size, and the words arrive."""
    own = Own(account=ADDRESS, addresses=frozenset({ADDRESS}), secret=b"key", file_bytes=1_000_000)
    big = "Content-Type: video/mp4; name=film.mp4\r\n\r\n" + "x" * 2_000_000
    found = parse(in_parts("Content-Type: text/plain\r\n\r\nLook:", big), own, ARRIVED)
    assert found
    assert found.text == "Look:\n\n📎 film.mp4 (2 MB)"


def test_long_text_is_cut_and_kept_beside() -> None:
    """The words fit what the core takes; more of them travel in what is kept."""
    found = said(mail(body="word " * 10_000))
    assert len(found.text) <= 20_000
    assert found.text.endswith("[…]")
    assert len(found.whole) > 40_000


def test_whole_text_travels_beside_the_folded_one() -> None:
    """What was folded away can be read."""
    found = said(mail(body="It was BTC.\r\n\r\nOn Mon, 2 Mar 2026, Anna wrote:\r\n> which coin?"))
    assert found.text == "It was BTC."
    assert found.whole.splitlines() == ["It was BTC.", "", "On Mon, 2 Mar 2026, Anna wrote:", "> which coin?"]


@pytest.mark.parametrize(
    "data",
    [
        mail(body="It  was\r\n\r\n\r\nBTC.  "),
        mail("Subject: only a subject", body=""),
        in_parts("Content-Type: text/plain\r\n\r\nLook:", "Content-Type: text/csv; name=a.csv\r\n\r\n1"),
    ],
    ids=["spaces", "subject", "file"],
)
def test_what_is_whole_is_kept_once(data: bytes) -> None:
    """Nothing was folded away, so there is nothing else to read."""
    assert said(data).whole == ""


def test_agent_sees_how_a_mail_came() -> None:
    """Its subject, who else got it, who wrote it where the answer goes elsewhere, and who vouches for that."""
    found = said(
        mail(
            "Subject: My\r\n withdrawal",
            f"Cc: Carol <carol@people.test>, {ADDRESS}",
            "Reply-To: eve@evil.test",
            "Authentication-Results: mx.frontdesk.test; spf=pass; dkim=fail; dmarc=none",
        )
    )
    assert found.beside == {
        "subject": "My withdrawal",
        "from": "ann@people.test",
        "cc": "carol@people.test",
        "authentication": "spf=pass dkim=fail dmarc=none",
    }


def test_nobody_vouching_is_said() -> None:
    """Where our server checks mails, one it says nothing about is told from one that passed; else nothing is said."""
    assert said(mail("Authentication-Results: mx.evil.test; dmarc=pass")).beside == {"authentication": "none"}
    unchecked = parse(mail(), Own(account=ADDRESS, addresses=frozenset({ADDRESS}), secret=b"key"), ARRIVED)
    assert unchecked
    assert unchecked.beside == {}


def test_same_mail_over_another_way_is_the_same() -> None:
    """Another route, another UID: the event keeps its name; other words under the same Message-ID do not."""
    first = mail("Message-ID: <1@people.test>")
    again = b"Received: from b by c; Mon, 02 Mar 2026 10:00:00 +0000\r\nDelivered-To: x\r\n" + first
    assert said(first).event_id == said(again).event_id
    assert said(first).event_id != said(mail("Message-ID: <1@people.test>", body="other")).event_id


def test_thread_is_found_by_our_name_then_by_the_first_mail() -> None:
    """Our signed name says the thread, even among others; else the root of References does; else the mail itself."""
    name = signed_id(b"key", "frontdesk.test", "12.0", "0" * 24)
    answer = said(mail(f"In-Reply-To: <{name}>", "References: <root@people.test>"))
    assert answer.place.thread == "0" * 24
    assert answer.reply_to == name
    assert said(mail("References: <root@people.test> <2@people.test>")).place.thread == thread_of("root@people.test")
    assert said(mail("Message-ID: <root@people.test>")).place.thread == thread_of("root@people.test")


@pytest.mark.parametrize("change", [("12.0", "13.0"), ("0" * 24, "1" * 24), ("frontdesk.test", "evil.test")])
def test_nobody_else_signs_a_name(change: tuple[str, str]) -> None:
    """A name with a changed key, thread or domain is not ours, nor is one signed with another key."""
    name = signed_id(b"key", "frontdesk.test", "12.0", "0" * 24)
    assert ours(b"key", "frontdesk.test", name) == ("12.0", "0" * 24)
    assert ours(b"key", "frontdesk.test", name.replace(*change)) is None
    assert ours(b"other", "frontdesk.test", name) is None


def test_one_mail_to_two_mailboxes_is_two_messages() -> None:
    """Each of our addresses has its own conversation with the person."""
    sales = Own(account="sales@frontdesk.test", addresses=frozenset({"sales@frontdesk.test"}), secret=b"key")
    other = parse(mail(), sales, ARRIVED)
    assert other
    assert other.place.account == "sales@frontdesk.test"
    assert said(mail()).place.account == ADDRESS


def test_what_our_bot_writes_is_no_message_to_our_other_mailbox() -> None:
    """Two mailboxes of ours never talk to each other."""
    sales = Own(account="sales@frontdesk.test", addresses=frozenset({"sales@frontdesk.test"}), secret=b"other")
    assert parse(mail("Auto-Submitted: auto-replied", f"X-Loop: {ADDRESS}", sender=ADDRESS), sales, ARRIVED) is None
    by_an_agent = mail(f"Message-ID: <{signed_id(b'key', 'frontdesk.test', '12.0', '0' * 24)}>", sender=ADDRESS)
    assert parse(by_an_agent, sales, ARRIVED) is None
    renamed = by_an_agent.replace(b"Message-ID", b"Message-ID: <1@relay.test>\r\nX-Frontdesk-Message-ID")
    assert parse(renamed, sales, ARRIVED) is None


def test_another_person_in_the_thread_is_another_conversation() -> None:
    """Who was copied and answers does not see what was said to somebody else."""
    one = said(mail("References: <root@people.test>"))
    other = said(mail("References: <root@people.test>", sender="Bob@People.test"))
    assert one.place.thread == other.place.thread
    assert (one.place.handle, other.place.handle) == ("ann@people.test", "bob@people.test")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["mx.frontdesk.test; spf=pass smtp.mailfrom=a; dkim=pass header.d=a; dmarc=pass header.from=a"], "pass"),
        (["mx.frontdesk.test; dkim=fail header.d=a; dkim=pass header.d=b; dmarc=pass"], "pass"),
        (["mx.frontdesk.test; dmarc=fail", "mx.frontdesk.test; dmarc=pass"], "fail"),
        (["mx.evil.test; dmarc=pass"], None),
        (["mx.evil.test; spf=pass", "mx.frontdesk.test; dmarc=pass"], None),
        (["mx.frontdesk.test; dmarc=((((", "mx.frontdesk.test; dmarc=pass"], None),
        ([";;;"], None),
    ],
)
def test_only_our_own_server_is_believed(headers: list[str], expected: str | None) -> None:
    """SPF, DKIM and DMARC count as our server wrote them, above anything that came in with the mail."""
    found = said(mail(*(f"Authentication-Results: {header}" for header in headers)))
    assert found.attributes.get("dmarc") == expected
    assert found.verified_by == ("mx.frontdesk.test" if expected == "pass" else "")


def test_answer_address_is_not_vouched_for_by_the_sender() -> None:
    """A mail that wants its answer elsewhere is another person's, and nobody vouches for them."""
    found = said(mail("Authentication-Results: mx.frontdesk.test; dmarc=pass", "Reply-To: eve@evil.test"))
    assert found.place.handle == "eve@evil.test"
    assert found.verified_by == ""


@pytest.mark.parametrize("name", ["rot13", "punycode", "unicode_escape", "idna", "zlib", "undefined", "\0", "x" * 999])
def test_only_charsets_decode(name: str) -> None:
    """What Python can decode besides charsets is not asked to."""
    assert text_of("héllo".encode(), name) == "héllo"


def test_header_is_one_line() -> None:
    """Whatever is encoded in it."""
    assert header_text("=?utf-8?q?a=0D=0Ab=00c?=\r\n d") == "a bc d"


def test_folded_never_loses_everything() -> None:
    """Where only a quote was sent, the quote is what was said."""
    assert folded("> a\n> b") == "> a\n> b"
    assert folded("On Mon, 2 Mar 2026, Ann wrote:\n> a") == "On Mon, 2 Mar 2026, Ann wrote:\n> a"


def test_ids_are_what_stands_in_brackets() -> None:
    """Spaces and brackets end a name, and there is an end to how many are read."""
    assert ids("<a@b> garbage <c@d>\r\n <e f> <>") == ["a@b", "c@d"]
    assert len(ids("<a@b>" * 1000)) == 100


def test_cursor_is_read_as_it_was_kept() -> None:
    """What is no cursor is none."""
    cursor = Cursor(7, 12, ARRIVED.date())
    assert Cursor.read(str(cursor)) == cursor
    assert [Cursor.read(odd) for odd in (None, "", "7:12", "a:b:c", "7:12:never")] == [None] * 5


def test_echo_is_counted_once_a_mail() -> None:
    """The same mail read again is no echo; files without a word are none either."""
    echoes = Echoes(2)
    mails = [said(mail(f"Message-ID: <{number}@people.test>")) for number in range(4)]
    assert [echoes.too_many(one) for one in (mails[0], mails[0], mails[1], mails[0])] == [False] * 4
    assert echoes.too_many(mails[2])
    pictures = [said(in_parts(f"Content-Type: image/png; name={number}.png\r\n\r\n{number}")) for number in range(4)]
    assert not any(echoes.too_many(picture) for picture in pictures)


@pytest.mark.parametrize(
    ("name", "written"),
    [("INBOX", "INBOX"), ("A & B", "A &- B"), ("已发送", "&XfJT0ZAB-"), ("Entwürfe", "Entw&APw-rfe")],
)
def test_folder_is_named_in_any_script(name: str, written: str) -> None:
    """IMAP has an alphabet of its own for folders."""
    assert utf7(name) == written


@pytest.mark.parametrize("address", ["support", "a b@c.test", "a@b\r\nX: y", "Support <a@b.test>", "a@b@c"])
def test_address_must_be_one(address: str) -> None:
    """The settings take an address, and nothing around it."""
    with pytest.raises(ValueError, match="is not an address"):
        EmailSettings(type="email", address=address, imap_host="x", imap_password=SecretStr("x"), smtp_host="x")


def test_date_is_that_of_the_mail_unless_it_lies() -> None:
    """A date ahead of the arrival is the arrival."""
    assert said(mail()).sent_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    early = parse(mail(), OWN, datetime(2026, 3, 2, 9, 0, tzinfo=UTC) - timedelta(hours=1))
    assert early
    assert early.sent_at == datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
