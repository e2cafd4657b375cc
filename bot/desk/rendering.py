"""Templates to pages. Whatever is put into one is escaped, and every page goes out under the same strict policy."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.desk.moments import moment, short
from bot.desk.texts import Words

HERE = Path(__file__).parent

#: Nothing but our own files runs, styles or is shown, and no other site puts the desk into a frame.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(template: str, words: Words, status: int = 200, **values: Any) -> HTMLResponse:
    """The template as a page in the language of `words`, which templates call `t`."""
    return HTMLResponse(fragment(template, words, **values), status, HEADERS)


def fragment(template: str, words: Words, **values: Any) -> str:
    """The template alone, to be put into a page or a stream."""
    told = partial(moment, language=words.language)
    return _environment.get_template(template).render(
        t=words, language=words.language, moment=told, short=short, **values
    )
