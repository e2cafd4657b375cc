"""Bytes of a mail -> what it says, who says it and where it belongs. Never raises, whatever the bytes are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from hashlib import sha256

import structlog

from channels.email.authentication import METHODS, results
from channels.email.body import Body, body_of
from channels.email.bounces import Bounce, bounce_of
from channels.email.heads import Head, as_written, head_of
from channels.email.kinds import Kind, first, kind_of
from channels.email.quotes import folded
from channels.email.threads import AGAIN, ids, is_frontdesks, ours, thread_of, ticket_in
from channels.words import Inbound, Place

log = structlog.get_logger()

#: Characters of the whole text that are kept beside the folded one.
LONGEST_RAW = 100_000
#: Characters of each thing shown beside the text.
LONGEST_BESIDE = 1_000
#: Bytes of a mail no parser can read that are shown.
LONGEST_UNREADABLE = 10_000
PLAIN_HEADERS = re.compile(rb"(from|date|message-id):[\x20-\x7e]{1,500}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What is ours: by it our own mail is told, and a thread known again."""

    account: str
    addresses: frozenset[str]
    secret: bytes = field(repr=False)
    authserv_id: str | None = None
    most_files: int = 20
    file_bytes: int = 20_000_000
    longest_text: int = 20_000

    @property
    def domain(self) -> str:
        return self.account.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail, read. `inbound` is None where it names nobody to talk to."""

    kind: Kind
    head: Head
    inbound: Inbound | None
    #: Number of a ticket that may lead its sender back to a thread, where no name of ours does.
    ticket: str | None = None
    #: What a bounce says.
    bounce: Bounce | None = None


def parse(data: bytes, own: Own, arrived: datetime | None = None, size: int | None = None) -> Inbound | None:
    """The message in a mail; None where it is none: an auto-reply, a list, a bounce, our own."""
    mail = read(data, own, arrived, size)
    return mail.inbound if mail.kind is Kind.MESSAGE else None


def read(data: bytes, own: Own, arrived: datetime | None = None, size: int | None = None) -> Mail:
    """The mail. With `size`, its length, the bytes are only its beginning."""
    try:
        return _read(message_from_bytes(data), data, own, arrived, size)
    except Exception as error:  # noqa: BLE001 - hostile bytes: what no parser can read is shown as it came
        log.warning("mail_unreadable", reason=type(error).__name__)
        return _read(_unreadable(data), data, own, arrived, size)


def _unreadable(data: bytes) -> Message:
    """The mail with nothing left in it that could not be read."""
    head, _, rest = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    plain = Message()
    for line in head.split(b"\n")[:1_000]:
        if PLAIN_HEADERS.fullmatch(line):
            name, _, value = line.decode("ascii").partition(":")
            plain[name] = value.strip()
    plain.set_payload(rest[:LONGEST_UNREADABLE].decode("utf-8", "replace").encode(), None)
    return plain


def _read(parsed: Message, data: bytes, own: Own, arrived: datetime | None, size: int | None) -> Mail:
    head = head_of(parsed, arrived)
    # Names are read from a mail that may have lost its end; its files would be halves.
    body = body_of(parsed, own.most_files if size is None else 0, own.file_bytes)
    kind = kind_of(head.headers, head.sender, head.subject, own=_is_own(head, own))
    bounce = bounce_of(data, head.sender, head.subject, own.secret, own.domain) if kind is Kind.BOUNCE else None
    inbound = _inbound(head, body, own, size) if head.answer_to else None
    ticket = ticket_in(head.subject) if _leads_back(head, own) else None
    return Mail(kind=kind, head=head, inbound=inbound, ticket=ticket, bounce=bounce)


def _is_own(head: Head, own: Own) -> bool:
    came_back = own.account in first(head.headers, "x-loop").lower().split()
    names = [head.message_id, *ids(first(head.headers, AGAIN.lower()))]
    return head.sender in own.addresses or came_back or any(map(is_frontdesks, names))


def _inbound(head: Head, body: Body, own: Own, size: int | None) -> Inbound:
    checked = results(head, own.authserv_id)
    text = _words(head, body, own, size)
    vouched = checked.get("dmarc") == "pass" and head.answer_to == head.sender
    return Inbound(
        event_id=_event_id(head, body),
        place=Place(account=own.account, handle=head.answer_to, thread=_thread(head, body, own)),
        text=text,
        name=head.name,
        verified_by=own.authserv_id or "" if vouched else "",
        attributes=checked,
        attachments=body.files,
        reply_to=head.references[-1] if head.references else None,
        language=head.language,
        sent_at=head.sent_at,
        beside=_beside(head, own, checked),
        whole="" if " ".join(body.text.split()) in " ".join(text.split()) else body.text[:LONGEST_RAW],
        raw=_raw(head, body, checked, size),
    )


def _words(head: Head, body: Body, own: Own, size: int | None) -> str:
    new = folded(body.text)
    text = new if len(new) <= own.longest_text else f"{new[: own.longest_text - 500]} […]"
    said = text or (head.subject if not body.files else "")
    note = f"📎 … {size / 1_000_000:.1f} MB" if size is not None else ""
    return "\n\n".join(filter(None, [said, body.told(), note]))[: own.longest_text]


def _event_id(head: Head, body: Body) -> str:
    """The same for the same mail under any UID, and over any route: the trace of the route is left out."""
    written = "\n".join(first(head.headers, name) for name in ("from", "to", "date", "subject"))
    digest = sha256(f"{head.message_id}\n{written}\n{body.text}".encode("utf-8", "replace"))
    for file in body.files:
        digest.update(file.data)
    return f"{head.message_id[:200] or 'mail'}:{digest.hexdigest()[:24]}"


def _thread(head: Head, body: Body, own: Own) -> str:
    if signed := _signed(head, own):
        return signed
    root = next(iter(head.references), head.message_id)
    return thread_of(root or _event_id(head, body))


def _signed(head: Head, own: Own) -> str | None:
    """The thread, where the mail answers one of ours."""
    names = (ours(own.secret, own.domain, known) for known in reversed(head.references))
    return next((found[1] for found in names if found), None)


def _leads_back(head: Head, own: Own) -> bool:
    """Nobody gets into another's thread by having the answer sent to them, or under a name that is surely false."""
    forged = results(head, own.authserv_id).get("dmarc") == "fail"
    return head.answer_to == head.sender and not forged and _signed(head, own) is None


def _beside(head: Head, own: Own, checked: Mapping[str, str]) -> Mapping[str, str]:
    """What an agent sees: the subject, who wrote where the answer goes to another, who else got it, who vouches."""
    others = {
        name: ", ".join(person for person in people if person not in own.addresses)
        for name, people in (("to", head.to), ("cc", head.cc))
    }
    shown = {
        "subject": head.subject,
        "from": head.sender if head.sender != head.answer_to else "",
        **others,
        "authentication": " ".join(f"{method}={checked[method]}" for method in METHODS if method in checked)
        or ("none" if own.authserv_id else ""),
    }
    return {name: value[:LONGEST_BESIDE] for name, value in shown.items() if value}


def _raw(head: Head, body: Body, checked: Mapping[str, str], size: int | None) -> Mapping[str, object]:
    return {
        "message_id": head.message_id,
        "references": list(head.references),
        "subject": head.subject,
        "from": head.sender,
        "to": list(head.to),
        "cc": list(head.cc),
        "ticket": ticket_in(head.subject),
        "authentication": dict(checked),
        "headers": as_written(head.headers),
        "left": body.left[: LONGEST_RAW // 1_000],
        "size": size,
    }
