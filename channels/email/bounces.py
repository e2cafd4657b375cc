"""Which part of ours could not be delivered, read off what a mail server says (RFC 3464)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import getaddresses

from channels.email import phrases
from channels.email.charsets import header_text
from channels.email.kinds import is_refusal
from channels.email.phrases import any_of
from channels.email.threads import ids, ours

#: Bytes of a report that are looked through, and characters of a server's reason.
LONGEST = 200_000
LONGEST_REASON = 2_000
FOLD = re.compile(r"\n[ \t]+")


def _line(pattern: str) -> re.Pattern[str]:
    return re.compile(f"^{pattern}", re.IGNORECASE | re.MULTILINE)


REASON = _line(rf"(?:Diagnostic-Code|Status):[ ]*(?:smtp;)?[ ]*([^\n]{{1,{LONGEST_REASON}}})")
#: Headers that name the mail the report is about: its own, given back; and the one the report answers.
RETURNED = _line(r"(?:X-)?(?:Original-|Frontdesk-)?Message-ID:[^\n]{1,1000}")
ANSWERED = _line(r"In-Reply-To:[^\n]{1,1000}")
COPIED = _line(r"Cc:([^\n]{1,5000})")
#: What is said of each recipient.
RECIPIENT = _line(r"(?:Final|Original)-Recipient:[ ]*[\w-]+;[ ]*<?([^\s<>;]{1,320})")
ACTION = _line(r"Action:[ ]*([a-z]{1,20})")
STATUS = _line(r"Status:[ ]*([245])\.")
PUT_OFF = re.compile(any_of(phrases.PUT_OFF), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a server says about a mail of ours."""

    #: The part, where the report names one that we signed.
    key: str | None
    #: In the server's words, as they came.
    reason: str
    #: The person will not get it; false where the server still tries, or only somebody's copy is lost.
    failed: bool


def bounce_of(report: bytes, sender: str, subject: str, secret: bytes, domain: str) -> Bounce:
    """The report of `sender`, read."""
    text = FOLD.sub(" ", report[:LONGEST].decode("utf-8", "replace").replace("\r\n", "\n"))
    recipients = [block for block in text.split("\n\n") if RECIPIENT.search(block)]
    copied = _copied(text)
    lost = [block for block in recipients if _is_lost(block) and copied.isdisjoint(_addresses(block))]
    refused = not recipients and is_refusal(sender, subject) and not PUT_OFF.search(subject)
    reason = max(REASON.findall("\n".join(lost) or text), key=len, default=subject)
    return Bounce(_key(text, secret, domain), header_text(reason), failed=bool(lost) or refused)


def _addresses(block: str) -> list[str]:
    return [address.lower() for address in RECIPIENT.findall(block)]


def _is_lost(block: str) -> bool:
    action, status = ACTION.search(block), STATUS.search(block)
    return action[1].lower() == "failed" if action else status is not None and status[1] == "5"


def _copied(text: str) -> frozenset[str]:
    """Who got a copy, by the headers given back."""
    return frozenset(address.lower() for _, address in getaddresses(COPIED.findall(text)[-1:]) if address)


def _key(text: str, secret: bytes, domain: str) -> str | None:
    """What the report is about; a mail given back names others of its thread as well."""
    for header in (RETURNED, ANSWERED):
        for line in header.findall(text):
            if found := _signed(line, secret, domain):
                return found[0]
    known = set(_signed(text, secret, domain))
    return known.pop() if len(known) == 1 else None


def _signed(text: str, secret: bytes, domain: str) -> list[str]:
    return [found[0] for name in ids(text) if (found := ours(secret, domain, name))]
