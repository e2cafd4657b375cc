"""From the core's HTML to a text and its entities, which Telegram takes without parsing anything."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from telegram import MessageEntity

#: Tags that become a style of their text.
STYLES = {
    "strong": MessageEntity.BOLD,
    "h1": MessageEntity.BOLD,
    "h2": MessageEntity.BOLD,
    "h3": MessageEntity.BOLD,
    "th": MessageEntity.BOLD,
    "em": MessageEntity.ITALIC,
    "code": MessageEntity.CODE,
    "pre": MessageEntity.PRE,
    "a": MessageEntity.TEXT_LINK,
    "blockquote": MessageEntity.BLOCKQUOTE,
}
#: Tags with an empty line around them.
BLOCKS = {"p", "pre", "ul", "ol", "blockquote", "h1", "h2", "h3", "table"}
RULE = "———"
MOST_ENTITIES = 100


def units(text: str) -> int:
    """UTF-16 units: what Telegram counts offsets in, and never fewer than the characters it counts lengths in."""
    return len(text) + sum(character > "\uffff" for character in text)


def measure(markdown: str) -> int:
    """At least the length that Markdown has once it is rendered: a table's bars and the ends of lines become longer."""
    return units(markdown) + 2 * markdown.count("|") + markdown.count("\n")


def shown(html: str) -> tuple[str, list[MessageEntity]]:
    """The text as it will be read, and what is bold, linked, quoted in it."""
    page = _Page()
    page.feed(html)
    page.close()
    text = page.text.rstrip()
    length = units(text)
    # Of two with the same stretch the outer one ended last, and comes first.
    kept = [_cut(entity, length) for entity in reversed(page.entities) if entity.offset < length]
    return text, sorted(kept, key=lambda entity: (entity.offset, -entity.length))[:MOST_ENTITIES]


def _cut(entity: MessageEntity, end: int) -> MessageEntity:
    length = min(entity.length, end - entity.offset)
    return MessageEntity(entity.type, entity.offset, length, url=entity.url)


@dataclass
class _Open:
    """A style whose end has not come yet."""

    tag: str
    start: int
    url: str | None = None


@dataclass
class _List:
    """A list that is being read; `number` is None in one without numbers."""

    number: int | None
    items: int = field(default=0)


class _Page(HTMLParser):
    """Reads sanitised HTML from its beginning to its end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.entities: list[MessageEntity] = []
        self._open: list[_Open] = []
        self._lists: list[_List] = []
        #: Line feeds owed before the next text.
        self._owed = 0
        self._cells = 0
        #: A bullet stands there and nothing behind it yet.
        self._bullet = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in BLOCKS:
            self._break(1 if self._lists else 2)
        self._mark(tag, given)
        if tag in STYLES:
            self._begin(tag, given.get("href"))

    def _mark(self, tag: str, given: dict[str, str | None]) -> None:
        """What the tag itself says."""
        match tag:
            case "br":
                self._say("\n")
            case "hr":
                self._break(2)
                self._say(RULE)
                self._break(2)
            case "img":
                self._picture(given)
            case "ul" | "ol":
                first = given.get("start") or "1"
                self._lists.append(_List(None if tag == "ul" else int(first) if first.isdecimal() else 1))
            case "li":
                self._item()
            case "tr" | "td" | "th":
                self._cell(tag)

    def _cell(self, tag: str) -> None:
        if tag == "tr":
            self._break(1)
            self._cells = 0
            return
        if self._cells:
            self.text = self.text.rstrip(" ")
            self._say(" | ")
        self._cells += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in STYLES:
            self._end(tag)
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        if tag in BLOCKS:
            self._break(1 if self._lists else 2)

    def handle_data(self, data: str) -> None:
        if self._inside("pre"):
            self._say(data)
            return
        words = re.sub(r"[ \t\r\n]+", " ", data)
        if not self.text or self._owed or self.text.endswith(("\n", " ")):
            words = words.lstrip()
        if words:
            self._say(words)

    def _inside(self, *tags: str) -> bool:
        return any(opened.tag in tags for opened in self._open)

    def _break(self, lines: int) -> None:
        if self.text and not self._bullet:
            self._owed = max(self._owed, lines)

    def _say(self, words: str) -> None:
        if self._owed:
            self.text = self.text.rstrip(" ")
            self.text += "\n" * max(0, self._owed - (len(self.text) - len(self.text.rstrip("\n"))))
            self._owed = 0
        self.text += words
        self._bullet = self._bullet and not words

    def _item(self) -> None:
        indent = "" if self._bullet else "  " * (len(self._lists) - 1)
        self._break(1)
        here = self._lists[-1] if self._lists else _List(None)
        bullet = "• " if here.number is None else f"{here.number + here.items}. "
        here.items += 1
        self._say(indent + bullet)
        self._bullet = True

    def _picture(self, given: dict[str, str | None]) -> None:
        """Telegram shows no picture inside a text: its name, linked."""
        self._begin("a", given.get("src"))
        self._say(given.get("alt") or given.get("src") or "")
        self._end("a")

    def _begin(self, tag: str, url: str | None) -> None:
        # What is owed stands before the style, not inside it.
        self._say("")
        self._open.append(_Open(tag, units(self.text), url))

    def _end(self, tag: str) -> None:
        for opened in reversed(self._open):
            if opened.tag == tag:
                self._open.remove(opened)
                return self._style(opened)
        return None

    def _style(self, opened: _Open) -> None:
        """Telegram allows nothing inside code, and no quote inside a quote."""
        length = units(self.text.rstrip()) - opened.start
        if length <= 0 or self._inside("code", "pre") or (opened.tag == "blockquote" and self._inside("blockquote")):
            return
        if opened.tag == "a" and not (opened.url or "").startswith(("https://", "http://")):
            return
        if opened.tag in ("code", "pre"):
            self.entities = [entity for entity in self.entities if entity.offset < opened.start]
        url = opened.url if opened.tag == "a" else None
        self.entities.append(MessageEntity(STYLES[opened.tag], opened.start, length, url=url))
