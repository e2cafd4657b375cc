"""What a visitor's file really is: read off its bytes, never believed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePath

import filetype  # type: ignore[import-untyped]  # the package ships no type information

from channels.webchat.errors import Code, Refused
from channels.words import Attachment

#: Characters of a file name that are kept; file systems take 255 bytes.
LONGEST_NAME = 80
#: What browsers claim where they do not know.
UNCLAIMED = {"", "application/octet-stream", "binary/octet-stream"}
MARKUP = re.compile(r"\s*<[!?a-z]", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of file: the endings its name may have (the first is given to a name without one), other claims for it."""

    suffixes: tuple[str, ...]
    aliases: frozenset[str] = frozenset()


OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS = {
    "image/png": Kind((".png",), frozenset({"image/x-png"})),
    "image/jpeg": Kind((".jpg", ".jpeg", ".jfif", ".jpe"), frozenset({"image/jpg", "image/pjpeg"})),
    "image/gif": Kind((".gif",)),
    "image/webp": Kind((".webp",)),
    "image/heic": Kind((".heic", ".heif"), frozenset({"image/heif"})),
    "video/mp4": Kind((".mp4", ".m4v"), frozenset({"video/x-m4v"})),
    "video/quicktime": Kind((".mov", ".qt")),
    "application/pdf": Kind((".pdf",)),
    f"{OFFICE}.wordprocessingml.document": Kind((".docx",)),
    f"{OFFICE}.spreadsheetml.sheet": Kind((".xlsx",)),
    "text/plain": Kind((".txt", ".log")),
    # Windows names a CSV after the spreadsheet that opens it.
    "text/csv": Kind((".csv",), frozenset({"application/vnd.ms-excel", "text/plain"})),
}


def checked(name: str, claimed: str, data: bytes, allowed: Collection[str]) -> Attachment:
    """The file with the type its bytes have. Raises `Refused` (415) where that is not allowed or not what it claims."""
    name = clean_name(name)
    suffix = PurePath(name).suffix.lower()
    media_type = detect(data, suffix)
    if media_type not in allowed or media_type not in KINDS:
        raise Refused(415, Code.FILE_TYPE, f"{media_type or 'an unknown type of file'} is not taken here")
    kind = KINDS[media_type]
    if suffix and suffix not in kind.suffixes:
        raise Refused(415, Code.FILE_TYPE, f"the content is {media_type}, the name ends in {suffix}")
    if _plain(claimed) not in UNCLAIMED | {media_type} | kind.aliases:
        raise Refused(415, Code.FILE_TYPE, f"the content is {media_type}, the request says something else")
    return Attachment(name=name if suffix else name + kind.suffixes[0], media_type=media_type, data=data)


def detect(data: bytes, suffix: str) -> str | None:
    """The media type of `data`; `suffix` only tells apart what text cannot: a table from prose."""
    if (media_type := filetype.guess_mime(data)) is not None:
        return str(media_type)
    if not _is_text(data):
        return None
    return "text/csv" if suffix == ".csv" else "text/plain"


def clean_name(name: str) -> str:
    """The last part of a path without what could hide its ending: control characters and writing directions."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C").strip(" .")
    path = PurePath(name or "file")
    return path.stem[: LONGEST_NAME - len(path.suffix[:12])] + path.suffix[:12]


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return bool(text) and not MARKUP.match(text) and not CONTROL.search(text)


def _plain(claimed: str) -> str:
    return claimed.partition(";")[0].strip().lower()
