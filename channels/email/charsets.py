"""Bytes to text, whatever the mail claims about them."""

from __future__ import annotations

import codecs
import re
from email.errors import HeaderParseError
from email.header import decode_header

from charset_normalizer import from_bytes

#: Bytes a guess is made from.
SAMPLE = 50_000
#: Characters of a header that are decoded.
LONGEST_HEADER = 10_000

#: What a name means in mails, where it is another or a smaller charset than people write in.
WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-8-i": "iso-8859-8",
    "windows-874": "cp874",
    "iso-2022-jp": "iso2022_jp_ext",
    "utf8mb4": "utf-8",
}

#: Codecs that are charsets of mails. Python knows others, and some of them are slow on purpose-made bytes.
CHARSETS = re.compile(
    r"(utf[-_]?(7|8|16|32).*|iso.?8859.*|iso.?2022.*|cp\d+|gb\d+|big5.*|euc.*|shift.*|koi8.*|mac.*|hz|johab|ascii|tis.*)"
)


def text_of(data: bytes, declared: str | None) -> str:
    """The text of `data`. A declared charset is believed as far as the bytes bear it out."""
    codec = _codec(declared)
    for candidate in _candidates(codec):
        try:
            return data.decode(candidate).removeprefix("\ufeff")
        except (UnicodeError, ValueError):
            continue
    return _guessed(data, codec)


def _codec(declared: str | None) -> str | None:
    name = (declared or "").strip("\"' ").lower()
    try:
        found = codecs.lookup(WIDER.get(name, name)).name
    except (LookupError, ValueError):
        return None
    return found if CHARSETS.fullmatch(found) else None


def _candidates(codec: str | None) -> list[str]:
    if codec is None or codec == "ascii":
        return ["utf-8"]
    # Nobody writes UTF-8 by accident, but any bytes are "valid" in a charset of one byte a character.
    return ["utf-8", codec] if codec.startswith(("cp", "iso8859", "koi8", "mac", "gb", "big5")) else [codec, "utf-8"]


def _guessed(data: bytes, codec: str | None) -> str:
    if codec and (nearly := data.decode(codec, "replace")).count("\ufffd") * 20 <= len(nearly):
        return nearly
    best = from_bytes(data[:SAMPLE]).best()
    return data.decode(best.encoding if best else "utf-8", "replace")


def header_text(raw: str) -> str:
    """A header as people read it: encoded words decoded, raw bytes too, on one line."""
    raw = raw[:LONGEST_HEADER].replace("\r", "").replace("\n", "")
    try:
        pieces = decode_header(_plain(raw))
    except (HeaderParseError, ValueError):
        pieces = [(raw, None)]
    decoded = [piece if isinstance(piece, str) else text_of(piece, charset) for piece, charset in pieces]
    return " ".join(clean("".join(decoded)).split())


def _plain(raw: str) -> str:
    """The header with the bytes decoded that stand in it as they are."""
    data = raw.encode("ascii", "surrogateescape") if _has_bytes(raw) else b""
    return text_of(data, None) if data else raw


def _has_bytes(raw: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in raw) and all(
        character < "\x80" or "\udc80" <= character <= "\udcff" for character in raw
    )


def clean(text: str) -> str:
    """The text without what no database takes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
