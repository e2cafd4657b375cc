"""Names of mails and of threads. Ours are signed, so that nobody can write himself into a thread by guessing."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

#: A Message-ID as far as it is believed; RFC 5322 allows 998 characters in a line.
ID = re.compile(r"<([!-;=?-~]{1,500})>")
OURS = re.compile(r"fd\.(?P<key>\d{1,20}\.\d{1,6})\.(?P<thread>[0-9a-f]{24})\.(?P<mac>[0-9a-f]{24})@(?P<domain>[^@]+)")

#: Where our name of a mail stands once more: big relays put one of their own in the place of a Message-ID.
AGAIN = "X-Frontdesk-Message-ID"
#: A ticket's number, as we write it or as a person quotes it.
TICKETS = (re.compile(r"\[([A-Z]{1,6}-[0-9]{1,12})\]"), re.compile(r"(?<![\w-])([A-Za-z]{1,6}-[0-9]{1,12})(?![\w-])"))


def ids(header: str) -> list[str]:
    """The Message-IDs in a header, without their brackets, at most a hundred."""
    return ID.findall(header[:60_000])[:100]


def thread_of(root: str) -> str:
    """The thread that began with this mail."""
    return sha256(root.encode()).hexdigest()[:24]


def signed_id(secret: bytes, domain: str, key: str, thread: str) -> str:
    """Our Message-ID of the part `key` in `thread`, without brackets: the same at every call."""
    return f"fd.{key}.{thread}.{_mac(secret, domain, key, thread)}@{domain}"


def is_frontdesks(message_id: str) -> bool:
    """Whether a Frontdesk wrote the mail, this one or another: they never talk to each other."""
    return OURS.fullmatch(message_id) is not None


def ours(secret: bytes, domain: str, message_id: str) -> tuple[str, str] | None:
    """Key and thread of a Message-ID that we signed; None for any other."""
    found = OURS.fullmatch(message_id)
    if not found or found["domain"] != domain:
        return None
    right = _mac(secret, domain, found["key"], found["thread"])
    return (found["key"], found["thread"]) if hmac.compare_digest(right, found["mac"]) else None


def ticket_in(subject: str) -> str | None:
    """Number of the ticket that a subject names; None where it names none."""
    found = next(filter(None, (pattern.search(subject) for pattern in TICKETS)), None)
    return found[1].upper() if found else None


def _mac(secret: bytes, domain: str, key: str, thread: str) -> str:
    return hmac.digest(secret, f"{domain}\n{key}\n{thread}".encode(), "sha256").hex()[:24]
