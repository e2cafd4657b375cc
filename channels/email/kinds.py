"""What kind of mail it is. Only a message is ever answered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from channels.email import phrases
from channels.email.phrases import any_of


class Kind(StrEnum):
    """What a mail is to us."""

    #: A person wrote to us.
    MESSAGE = "message"
    #: A machine answered: a vacation notice, a receipt.
    AUTO_REPLY = "auto-reply"
    #: It came over a mailing list or in bulk.
    LIST = "list"
    #: A server says that a mail could not be delivered.
    BOUNCE = "bounce"
    #: Our own mail came back.
    LOOP = "loop"


#: How subjects of vacation notices, and of bounces, begin.
VACATION = re.compile(any_of(phrases.VACATION), re.IGNORECASE)
FAILED = re.compile(any_of(phrases.FAILED), re.IGNORECASE)
POSTMEN = ("mailer-daemon@", "postmaster@", "mail-daemon@")
SUPPRESSING = {"all", "oof", "autoreply"}
LISTED = ("list-id", "list-post", "list-unsubscribe", "mailing-list", "x-mailing-list", "x-list")
AUTOMATIC = ("x-autoreply", "x-autorespond", "x-auto-reply", "auto-reply", "x-autoresponder")

Headers = Mapping[str, Sequence[str]]


def kind_of(headers: Headers, sender: str, subject: str, *, own: bool) -> Kind:
    """The kind, from headers by lower-case name. `own`: sender or Message-ID are ours."""
    report = first(headers, "content-type").lower()
    if own:
        return Kind.LOOP
    reports = report.startswith("multipart/report")
    if (reports and "delivery-status" in report) or (sender.startswith(POSTMEN) and FAILED.search(subject)):
        return Kind.BOUNCE
    if reports or _automatic(headers, subject):
        return Kind.AUTO_REPLY
    if first(headers, "return-path").strip() == "<>":
        return Kind.BOUNCE
    if any(name in headers for name in LISTED) or _word(headers, "precedence") in {"bulk", "list", "junk"}:
        return Kind.LIST
    return Kind.MESSAGE


def is_refusal(sender: str, subject: str) -> bool:
    """Whether a mail without a report says by its subject or its sender that another could not be delivered."""
    return sender.startswith(POSTMEN) or FAILED.search(subject) is not None


def first(headers: Headers, name: str) -> str:
    """The first header of that name, or nothing."""
    return next(iter(headers.get(name, ())), "")


def _automatic(headers: Headers, subject: str) -> bool:
    suppressed = {word.strip().lower() for word in first(headers, "x-auto-response-suppress").split(",")}
    return (
        _word(headers, "auto-submitted") not in {"", "no"}
        or bool(suppressed & SUPPRESSING)
        or _word(headers, "precedence") in {"auto_reply", "auto-reply"}
        or any(name in headers for name in AUTOMATIC)
        or bool(VACATION.match(subject))
    )


def _word(headers: Headers, name: str) -> str:
    return first(headers, name).split(";")[0].strip().lower()
