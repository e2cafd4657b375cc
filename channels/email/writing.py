"""One part as a mail: plain text and HTML, in its thread, to everybody who was written to."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from itertools import chain

from channels.email.charsets import clean
from channels.email.markup import plain_of
from channels.email.settings import ADDRESS, EmailSettings
from channels.email.threads import AGAIN, ids, signed_id
from channels.words import Author, Outbound

#: Whoever wraps at 78 characters breaks a long Message-ID to pieces; a line may have 998.
POLICY = SMTP.clone(max_line_length=900, cte_type="7bit")
LONGEST_SUBJECT = 200
#: Mails of a thread that are named: the first, and the last ones.
MOST_REFERENCES = 20
PREFIXES = (
    "re:",
    "aw:",
    "sv:",
    "antw:",
    "回复:",
    "回复：",
    "答复:",
    "答复：",
    "回覆:",
    "回覆：",
    "rif:",
    "ha:",
    "ответ:",
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to be sent. The first recipient is the person; the others got the mail it answers too."""

    message_id: str
    recipients: Sequence[str]
    data: bytes = field(repr=False)


def letter(
    outbound: Outbound, settings: EmailSettings, secret: bytes, brand: str, mailboxes: Collection[str] = ()
) -> Letter:
    """The mail for one part, the same at every try. `mailboxes`, further ones of ours, get no copy.

    Raises `OSError` where a file cannot be read.
    """
    message_id = signed_id(secret, settings.domain, outbound.key, outbound.place.thread)
    copies = _copies(outbound, settings, settings.ours.union(mailboxes))
    mail = EmailMessage(policy=POLICY)
    mail["From"] = Address(_sender(outbound, brand), addr_spec=settings.address)
    mail["To"] = Address(addr_spec=outbound.place.handle)
    if copies:
        mail["Cc"] = [Address(addr_spec=copy) for copy in copies]
    mail["Subject"] = _subject(outbound, brand)
    mail["Date"] = format_datetime(outbound.created_at)
    mail["Message-ID"] = mail[AGAIN] = f"<{message_id}>"
    for name, value in {**_thread(outbound.answering), **_marks(outbound, settings)}.items():
        mail[name] = value
    text = clean(outbound.text)
    mail.set_content(plain_of(text) + "\n")
    mail.add_alternative(_page(text, outbound.language), subtype="html")
    for file in outbound.files:
        kind, _, subkind = file.media_type.partition("/")
        mail.add_attachment(file.path.read_bytes(), maintype=kind, subtype=subkind, filename=one_line(file.name, 120))
    return Letter(message_id, [outbound.place.handle, *copies], mail.as_bytes())


def one_line(text: str, longest: int) -> str:
    """Nothing in it begins another header."""
    whole = " ".join("".join(character if character.isprintable() else " " for character in clean(text)).split())
    return whole[:longest].strip()


def _sender(outbound: Outbound, brand: str) -> str:
    known = f"{outbound.author_name} ({brand})" if outbound.author_name else brand
    return one_line(known, 100)


def _subject(outbound: Outbound, brand: str) -> str:
    subject = one_line(str(outbound.answering.get("subject") or brand), LONGEST_SUBJECT)
    numbered = _numbered(subject, one_line(outbound.ticket, 30)) if outbound.ticket else subject
    return numbered if subject.lower().startswith(PREFIXES) else f"Re: {numbered}"


def _numbered(subject: str, ticket: str) -> str:
    """The subject with this ticket's number and no other's: an answer to it finds back by the first."""
    if f"[{ticket}]" in subject:
        return subject
    other = re.compile(rf"\s*\[{re.escape(ticket.partition('-')[0])}-[0-9]{{1,12}}\]")
    return f"{other.sub('', subject)} [{ticket}]".strip()


def _thread(answering: Mapping[str, object]) -> Mapping[str, str]:
    answered = ids(f"<{answering.get('message_id') or ''}>")
    if not answered:
        return {}
    known = answering.get("references")
    before = [ids(f"<{name}>")[:1] for name in known] if isinstance(known, list) else []
    named = [*chain.from_iterable(before), *answered[:1]]
    kept = named if len(named) <= MOST_REFERENCES else [named[0], *named[1 - MOST_REFERENCES :]]
    return {"In-Reply-To": f"<{answered[0]}>", "References": " ".join(f"<{name}>" for name in kept)}


def _marks(outbound: Outbound, settings: EmailSettings) -> Mapping[str, str]:
    """What tells other machines not to answer this."""
    marks = {"X-Loop": settings.account}
    if outbound.author is Author.AGENT:
        return marks
    return {**marks, "Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "OOF, AutoReply"}


def _copies(outbound: Outbound, settings: EmailSettings, ours: frozenset[str]) -> list[str]:
    """Who else got the mail that is answered, where a human answers; what a machine writes is for the person alone.

    Nobody where that is a crowd: no one shall spread a mail through us.
    """
    if outbound.author is not Author.AGENT:
        return []
    told = [outbound.answering.get(name) for name in ("to", "cc")]
    people = [str(person).lower() for group in told if isinstance(group, list) for person in group]
    apart = ours | {outbound.place.handle}
    others = [person for person in dict.fromkeys(people) if person not in apart and ADDRESS.fullmatch(person)]
    return others if len(others) <= settings.most_copies else []


def _page(body: str, language: str) -> str:
    lang = "".join(character for character in language if character.isalnum() or character == "-")[:20]
    return f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8"></head><body>\n{body}\n</body></html>\n'
