"""A message is rendered once, here, into what its channel can show; whatever a channel cannot show becomes text."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from semantic_text_splitter import MarkdownSplitter

from channels.words import Choice, Limits, Markup, StoredFile

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")

#: What approved answers and agents may use; everything else is dropped.
TAGS = {
    "p",
    "br",
    "strong",
    "em",
    "code",
    "pre",
    "ul",
    "ol",
    "li",
    "blockquote",
    "a",
    "img",
    "h1",
    "h2",
    "h3",
    "hr",
} | {
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}


@dataclass(frozen=True, slots=True)
class Part:
    """What fits into one message of the platform."""

    text: str
    choices: Sequence[Choice] = ()
    files: Sequence[StoredFile] = ()


def parts(text: str, choices: Sequence[Choice], files: Sequence[StoredFile], limits: Limits) -> list[Part]:
    """The message cut and rendered for `limits`, the same at every call. Buttons go under the last part."""
    buttons = tuple(choices) if len(choices) <= limits.choices else ()
    source = "\n\n".join(filter(None, [text, _numbered(choices) if not buttons else "", _named(files, limits)]))
    bodies = [Part(render(piece, limits.markup)) for piece in _pieces(source, limits)]
    if limits.files and limits.files_apart and files:
        bodies = [body for body in bodies if body.text.strip()] + [Part("", files=(file,)) for file in files]
    elif limits.files:
        bodies[-1] = replace(bodies[-1], files=tuple(files))
    return [*bodies[:-1], replace(bodies[-1], choices=buttons)]


@functools.lru_cache(maxsize=1_000)
def render(source: str, markup: Markup) -> str:
    """Markdown in the channel's markup. HTML comes out sanitised; raw HTML in the source is text."""
    match markup:
        case Markup.MARKDOWN:
            return source
        case Markup.HTML:
            return nh3.clean(
                _MARKDOWN.render(source),
                tags=TAGS,
                attributes=ATTRIBUTES,
                attribute_filter=_elsewhere,
                url_schemes={"https", "http", "mailto"},
                link_rel="noopener noreferrer nofollow",
            )
        case Markup.PLAIN:
            return _plain(_MARKDOWN.parse(source))


def _elsewhere(tag: str, name: str, value: str) -> str | None:
    """A picture's address, where it is of the web: one of the page itself would be asked for in its reader's name."""
    inside = (tag, name) == ("img", "src") and not value.lower().startswith(("https://", "http://"))
    return None if inside else value


def _pieces(source: str, limits: Limits) -> list[str]:
    if limits.text is None or limits.measure(source) <= limits.text:
        return [source]
    return MarkdownSplitter.from_callback(limits.measure, limits.text).chunks(source)


def _numbered(choices: Sequence[Choice]) -> str:
    return "\n".join(f"{number}. {choice.title}" for number, choice in enumerate(choices, 1))


def _named(files: Sequence[StoredFile], limits: Limits) -> str:
    return "" if limits.files else "\n".join(f"📎 {file.name}" for file in files)


def _plain(tokens: Sequence[Token]) -> str:  # noqa: C901 - one case a kind of token
    lines: list[str] = []
    lists: list[int | None] = []
    marker = ""
    for token in tokens:
        match token.type:
            case "bullet_list_open":
                lists.append(None)
            case "ordered_list_open":
                lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                marker = "  " * (len(lists) - 1) + ("• " if lists[-1] is None else f"{token.info}{token.markup} ")
            case "inline":
                lines.append(marker + _inline(token))
                marker = ""
            case "fence" | "code_block":
                lines.append(token.content.rstrip())
            case "paragraph_close" | "heading_close" if not lists:
                lines.append("")
            case _:
                continue
    return "\n".join(lines).strip()


def _inline(token: Token) -> str:
    said: list[str] = []
    links: list[tuple[str, int]] = []
    for child in token.children or ():
        match child.type:
            case "softbreak" | "hardbreak":
                said.append("\n")
            case "link_open":
                links.append((str(child.attrGet("href")), len(said)))
            case "link_close":
                target, begin = links.pop()
                said[begin:] = [_linked("".join(said[begin:]), target)]
            case "image":
                said.append(f"{child.content} ({child.attrGet('src')})")
            case _:
                said.append(child.content)
    return "".join(said)


def _linked(words: str, target: str) -> str:
    """The words of a link and where it leads, once where both are the same."""
    same = _MARKDOWN.normalizeLink(words) in {target, target.removeprefix("mailto:")}
    return words if same else f"{words} ({target})"
