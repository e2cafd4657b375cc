"""The page of a ticket in words and HTML."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from babel.dates import format_datetime
from fastapi.responses import HTMLResponse

from bot.desk.rendering import HEADERS, page
from bot.desk.texts import Words, texts
from bot.host import clean_text
from bot.rendering import render
from bot.settings import Settings
from bot.store.pages import Page
from bot.store.reading import Said
from bot.store.tables import File
from bot.store.ticketing import OVER
from bot.ticket_page.expecting import expected, standing
from bot.ticket_page.form import FILE_BYTES, MOST_FILES
from bot.ticket_page.links import TicketLinks
from channels.words import Author, Markup

#: The address is a key: no site that is linked to may learn it, and no machine may keep the page.
PRIVATE = {**HEADERS, "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


@dataclass(frozen=True, slots=True)
class Line:
    """A message on the page: `html` of ours, already clean, or where that is "" the `text` of the user's."""

    author: str
    name: str
    at: datetime
    text: str
    html: str
    files: Sequence[File]


def shown(  # noqa: PLR0913 - what stands on the page
    found: Page,
    links: TicketLinks,
    settings: Settings,
    words: Words,
    token: str,
    now: datetime,
    *,
    told: str = "",
    draft: str = "",
    status: int = 200,
) -> HTMLResponse:
    """The page; `told` names what is said at its top, `draft` is what the user wrote in vain."""
    due = expected(found.ticket)
    longest = settings.conversation.longest_message
    values = {
        "ticket": found.ticket,
        "state": standing(found.ticket),
        "open": found.ticket.state not in OVER,
        "newer": found.newer,
        "due": due,
        "late": due is not None and due < now,
        "talk": [_line(said, links, words, settings.brand.name) for said in found.said if _says(said)],
        "others": [code for code in texts() if code != words.language],
        "told": sentence(words, told, longest) if told else "",
        "mood": "good" if told in {"received", "reopened"} else "bad",
        "draft": draft,
        "token": token,
        "once": secrets.token_hex(16),
        "longest": longest,
        "most_files": MOST_FILES,
        "megabytes": FILE_BYTES // 1_000_000,
        "exact": lambda at: _exact(at, words.language),
    }
    title = words("ticket_page.title", number=found.ticket.number)
    return _private("ticket_page/page.html", words, status, title=title, brand=settings.brand.name, base="", **values)


def over(settings: Settings, words: Words, base: str, told: str = "over", status: int = 404) -> HTMLResponse:
    """The page of a link that opens nothing, or of a fault; the same whatever there is."""
    title = words("ticket_page.over_title" if told == "over" else "ticket_page.fault_title")
    said = sentence(words, told, settings.conversation.longest_message)
    return _private(
        "ticket_page/over.html", words, status, title=title, told=said, brand=settings.brand.name, base=base
    )


def sentence(words: Words, name: str, longest: int) -> str:
    """What is said at the top of the page."""
    return words(f"ticket_page.{name}", limit=longest, files=MOST_FILES, megabytes=FILE_BYTES // 1_000_000)


def _private(template: str, words: Words, status: int, **values: Any) -> HTMLResponse:
    response = page(template, words, status, **values)
    response.headers.update(PRIVATE)
    return response


def _says(said: Said) -> bool:
    return bool(said.message.text.strip() or said.files)


def _line(said: Said, links: TicketLinks, words: Words, brand: str) -> Line:
    message = said.message
    plain = message.author is Author.USER
    names = {
        Author.USER: words("ticket_page.you"),
        Author.BOT: words("ticket_page.bot"),
        Author.SYSTEM: words("ticket_page.system", brand=brand),
        Author.AGENT: message.author_name or brand,
    }
    # Rendering leaves only what is clean, and the policy loads no picture from elsewhere.
    html = "" if plain else render(links.without(message.text), Markup.HTML)
    return Line(
        message.author.value, names[message.author], message.created_at, clean_text(message.text), html, said.files
    )


def _exact(at: datetime, language: str) -> str:
    """For who runs no script, which puts it into the reader's own zone."""
    return f"{format_datetime(at.astimezone(UTC), 'medium', locale=language)} UTC"
