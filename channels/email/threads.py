"""Names of mails and of threads. Ours are signed, so that nobody can write himself into a thread by guessing."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

#: A Message-ID as far as it is believed; RFC 5322 allows 998 characters in a line.
ID = re.compile(r"<([!-;=?-~]{1,500})>")
OURS = re.compile(r"fd\.(?P<key>\d{1,20}\.\d{1,6})\.(?P<thread>[0-9a-f]{24})\.(?P<mac>[0-9a-f]{24})@(?P<domain>[^@]+)")


def ids(header: str) -> list[str]:
    """The Message-IDs in a header, without their brackets, at most a hundred."""
    return ID.findall(header[:60_000])[:100]


def thread_of(root: str) -> str:
    """The thread that began with this mail."""
    return sha256(root.encode()).hexdigest()[:24]


def signed_id(secret: bytes, domain: str, key: str, thread: str) -> str:
    """Our Message-ID of the part `key` in `thread`, without brackets: the same at every call."""
    return f"fd.{key}.{thread}.{_mac(secret, domain, key, thread)}@{domain}"


def ours(secret: bytes, domain: str, message_id: str) -> tuple[str, str] | None:
    """Key and thread of a Message-ID that we signed; None for any other."""
    found = OURS.fullmatch(message_id)
    if not found or found["domain"] != domain:
        return None
    right = _mac(secret, domain, found["key"], found["thread"])
    return (found["key"], found["thread"]) if hmac.compare_digest(right, found["mac"]) else None


def _mac(secret: bytes, domain: str, key: str, thread: str) -> str:
    return hmac.digest(secret, f"{domain}\n{key}\n{thread}".encode(), "sha256").hex()[:24]
