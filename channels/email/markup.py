"""HTML to plain text, without loading or running anything."""

from __future__ import annotations

import re
from html import unescape

import nh3
import structlog
from inscriptis import get_annotated_text  # type: ignore[import-untyped]  # the package ships no type information
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]  # the same

log = structlog.get_logger()

#: Characters of HTML that are read.
LONGEST = 2_000_000
#: Cells of a table that are laid out: the time grows with their square.
MOST_CELLS = 5_000
CELL = re.compile("<t[dhr]", re.IGNORECASE)

QUOTES = ParserConfig(annotation_rules={"blockquote": ["quote"]})
LINKS = ParserConfig(annotation_rules={"blockquote": ["quote"]}, display_links=True)
#: A link whose words are its address.
TWICE = re.compile(r"\[([^\[\]\n]{1,500})\]\((?:mailto:)?\1\)")


def plain_of(html: str) -> str:
    """The same words for who reads no HTML, with the addresses of links."""
    return TWICE.sub(r"\1", text_of_html(html, LINKS))


def text_of_html(html: str, shown: ParserConfig = QUOTES) -> str:
    """What a person reads there; lines of a quote begin with `>`."""
    seen = html[:LONGEST]
    if len(CELL.findall(seen)) > MOST_CELLS:
        return _bare(seen)
    try:
        found = get_annotated_text(seen, shown)
        text = _marked(found.get("text", ""), [(start, end) for start, end, _ in found.get("label", ())])
    except Exception as error:  # noqa: BLE001 - whatever a parser makes of hostile bytes, the words must come through
        log.warning("html_unreadable", reason=type(error).__name__)
        text = ""
    return text if text.strip() else _bare(seen)


def _bare(html: str) -> str:
    return unescape(nh3.clean(html, tags=set())).strip()


def _marked(text: str, quotes: list[tuple[int, int]]) -> str:
    """The text with its quoted lines marked, and without the indentation of a page."""
    lines = []
    position = 0
    starts = sorted(quotes)
    quoted_to = -1
    for line in text.split("\n"):
        end = position + len(line)
        while starts and starts[0][0] <= end:
            quoted_to = max(quoted_to, starts.pop(0)[1])
        lines.append(f"> {line.strip()}" if position < quoted_to and line.strip() else line.strip())
        position = end + 1
    return "\n".join(lines).strip()
