"""The head of a mail, in words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from channels.email.charsets import header_text
from channels.email.kinds import first
from channels.email.settings import ADDRESS
from channels.email.threads import ids

MOST_HEADERS = 200
LONGEST_HEADER = 2_000
LONGEST_SUBJECT = 500
MOST_PEOPLE = 60
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands above a mail. Addresses are in lower case, Message-IDs without brackets, oldest first."""

    #: As they came, by lower-case name.
    headers: Mapping[str, Sequence[str]]
    sender: str
    name: str
    #: Where an answer goes: Reply-To where it names one address, else the sender.
    answer_to: str
    to: Sequence[str]
    cc: Sequence[str]
    subject: str
    message_id: str
    references: Sequence[str]
    language: str | None
    sent_at: datetime | None


def head_of(mail: Message, arrived: datetime | None) -> Head:
    """The head. `arrived` stands in for a date that is missing or lies ahead."""
    headers = _headers(mail)
    people = {name: _people(headers, name) for name in ("from", "reply-to", "to", "cc")}
    name, sender = next(iter(people["from"]), ("", ""))
    replies = {address for _, address in people["reply-to"]}
    return Head(
        headers=headers,
        sender=sender,
        name=name,
        answer_to=replies.pop() if len(replies) == 1 else sender,
        to=[address for _, address in people["to"]],
        cc=[address for _, address in people["cc"]],
        subject=header_text(first(headers, "subject"))[:LONGEST_SUBJECT],
        message_id=next(iter(ids(first(headers, "message-id"))), ""),
        references=_references(headers),
        language=_language(headers),
        sent_at=_date(first(headers, "date"), arrived),
    )


def _headers(mail: Message) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name, value in mail.raw_items():
        found[name.lower()].append(str(value))
    return dict(found)


def _people(headers: Mapping[str, Sequence[str]], header: str) -> list[tuple[str, str]]:
    pairs = getaddresses([value[:60_000] for value in headers.get(header, ())][:5])
    people = [(header_text(name)[:200], address.strip().lower()) for name, address in pairs[:MOST_PEOPLE]]
    return [(name, address) for name, address in people if ADDRESS.fullmatch(address)]


def _references(headers: Mapping[str, Sequence[str]]) -> list[str]:
    """The thread, oldest first; what the mail answers is the last."""
    before = ids(first(headers, "references"))
    answered = ids(first(headers, "in-reply-to"))[:1]
    return [known for known in before if known not in answered] + answered


def _language(headers: Mapping[str, Sequence[str]]) -> str | None:
    named = (
        (first(headers, "content-language") or first(headers, "accept-language")).split(",")[0].split(";")[0].strip()
    )
    return named if LANGUAGE.fullmatch(named) else None


def _date(written: str, arrived: datetime | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(written)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return arrived
    return arrived if arrived and found > arrived + timedelta(minutes=5) else found


def as_written(headers: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Names and values to keep, bounded."""
    pairs = [[name, value] for name, values in headers.items() for value in values]
    return [[header_text(name)[:100], header_text(value[:LONGEST_HEADER])] for name, value in pairs[:MOST_HEADERS]]
