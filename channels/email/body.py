"""The parts of a mail: its text, and the files with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message

import structlog

from channels.email.charsets import clean, header_text, text_of
from channels.email.markup import text_of_html
from channels.words import Attachment

log = structlog.get_logger()

#: Parts of one mail that are looked at, and how deep they may lie in each other.
MOST_PARTS = 2_000
DEEPEST = 50
#: Bytes of one text part that are read.
LONGEST_PART = 1_000_000
#: Names of files left behind that are told.
MOST_NAMED = 20
#: Parts that say nothing to a person.
SEALS = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}


@dataclass(slots=True)
class Body:
    """What a mail carries. `left` are names of files that were not taken."""

    texts: list[str] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n\n".join(filter(None, (text.strip() for text in self.texts)))

    def told(self) -> str:
        """The files left behind, as lines of text."""
        rest = len(self.left) - MOST_NAMED
        names = [f"📎 {name}" for name in self.left[:MOST_NAMED]]
        return "\n".join([*names, f"📎 + {rest}"] if rest > 0 else names)


def body_of(mail: Message, most_files: int, file_bytes: int) -> Body:
    """Text and files of a mail; a file beyond `most_files` or larger than `file_bytes` is left and named."""
    body = Body()
    for number, part in enumerate(_leaves(mail)):
        if number >= MOST_PARTS:
            break
        if _is_text(part):
            body.texts.append(_text(part))
        elif part.get_content_type() not in SEALS:
            _file(body, part, number, most_files, file_bytes)
    return body


def _leaves(part: Message, depth: int = 0) -> Iterator[Message]:
    """The parts to show, in order; of alternatives the plainest that says anything."""
    inner = _inner(part)
    if inner is None or depth >= DEEPEST:
        yield part
    elif part.get_content_subtype() == "alternative":
        yield from _alternative(inner, depth)
    else:
        for found in inner:
            yield from _leaves(found, depth + 1)


def _inner(part: Message) -> Sequence[Message] | None:
    """The parts in a part; None for one that is shown as it is, as a mail attached whole is."""
    payload = part.get_payload()
    if part.get_content_maintype() != "multipart" or not isinstance(payload, list):
        return None
    return [found for found in payload if isinstance(found, Message)]


def _alternative(inner: Sequence[Message], depth: int) -> Iterator[Message]:
    plain = next((part for part in inner if part.get_content_type() == "text/plain" and _text(part).strip()), None)
    shown = plain or next((part for part in reversed(inner) if _says(part)), None)
    for part in inner:
        # A calendar sheet or a picture beside the words is not another way to say them.
        if part is shown or not _says(part):
            yield from _leaves(part, depth + 1)


def _says(part: Message) -> bool:
    return part.get_content_type() in {"text/plain", "text/html"} or part.get_content_maintype() == "multipart"


def _is_text(part: Message) -> bool:
    if part.get_content_type() not in {"text/plain", "text/html"} or part.is_multipart():
        return False
    return _disposition(part) != "attachment" and not _name(part)


def _text(part: Message) -> str:
    words = clean(text_of(_bytes(part)[:LONGEST_PART], _parameter(part, "charset")))
    if part.get_content_type() == "text/html":
        return text_of_html(words)
    flowing = (_parameter(part, "format") or "").lower() == "flowed"
    return _unwrapped(words, joined=(_parameter(part, "delsp") or "").lower() == "yes") if flowing else words


def _unwrapped(text: str, *, joined: bool) -> str:
    """Paragraphs that were broken into lines for the way (RFC 3676)."""
    lines: list[str] = []
    open_ = False
    for raw in text.replace("\r\n", "\n").split("\n"):
        line = raw.removeprefix(" ")
        if open_ and lines and not line.startswith(">") and line != "-- ":
            lines[-1] += line
        else:
            lines.append(line)
        open_ = line.endswith(" ") and line != "-- " and not line.startswith(">")
        if open_ and joined:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def _file(body: Body, part: Message, number: int, most_files: int, file_bytes: int) -> None:
    name = _name(part) or _made_up_name(part, number)
    if len(body.files) >= most_files:
        body.left.append(name)
        return
    data = _bytes(part)
    if len(data) > file_bytes:
        body.left.append(f"{name} ({len(data) // 1_000_000} MB)")
    elif data:
        body.files.append(Attachment(name=name, media_type=part.get_content_type(), data=data))


def _made_up_name(part: Message, number: int) -> str:
    ending = {"message": "eml", "text": "txt"}.get(part.get_content_maintype(), part.get_content_subtype())
    return f"file-{number}.{ending}"[:80]


def _bytes(part: Message) -> bytes:
    try:
        if part.is_multipart():
            payload = part.get_payload()
            return b"".join(found.as_bytes() for found in payload if isinstance(found, Message))
        data = part.get_payload(decode=True)
    except (ValueError, LookupError) as error:
        log.info("part_unreadable", reason=type(error).__name__)
        return b""
    return data if isinstance(data, bytes) else b""


def _disposition(part: Message) -> str:
    return (part.get_content_disposition() or "").lower()


def _name(part: Message) -> str:
    return header_text(part.get_filename("") or "")[:200]


def _parameter(part: Message, name: str) -> str | None:
    value = part.get_param(name)
    return value if isinstance(value, str) else value[2] if isinstance(value, tuple) else None
