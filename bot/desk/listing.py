"""The list beside the ticket: views with their counts, and one row a ticket, or what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from bot.desk.texts import Words
from bot.desk.ticket import nearness
from bot.errors import Refused
from bot.rendering import render
from bot.store import lists, searching, views
from bot.store.database import Session
from bot.store.filters import Filter, parse
from bot.store.list_tables import SavedView
from bot.store.lists import Item
from bot.store.terms import Snippet
from channels.words import Author, Markup

#: Tickets on a page.
PAGE = 50

#: What keys of saved views begin with.
SAVED = "v-"

#: Where nobody says which view.
FIRST = "waiting"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for: a view by its key, words of a search, and the page behind a cursor."""

    view: str = ""
    q: str = ""
    after: str = ""

    @property
    def where(self) -> str:
        """The same as the end of an address."""
        said = {name: value for name, value in (("view", self.view), ("q", self.q)) if value}
        return f"?{urlencode(said)}" if said else ""


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket in the list; `nearness` is how near its deadline is."""

    item: Item
    nearness: str
    #: Pieces of the last message, or of what was found; those that are a hit are marked.
    said: Sequence[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class View:
    """A view by its key in addresses; `count` as it is shown."""

    key: str
    title: str
    count: str


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list shows. `trouble` is why a search or a filter could not be understood."""

    rows: Sequence[Row]
    more: str = ""
    trouble: str = ""


def listed(session: Session, asked: Asked, agent: str, now: datetime) -> Listed:
    """A page of what is asked for, for `agent`."""
    try:
        wanted = parse(_query(session, asked, agent), agent)
        found, following = _page(session, wanted, asked.after, now)
    except Refused as error:
        return Listed((), trouble=str(error))
    more = f"/desk/parts/list?{urlencode({'view': asked.view, 'q': asked.q, 'after': following})}" if following else ""
    return Listed(found, more)


def all_views(session: Session, words: Words, agent: str, now: datetime) -> list[View]:
    """The built-in views, then the saved ones, with their counts."""
    saved = views.views(session, agent)
    queries = {**views.BUILT_IN, **{key_of(view): view.query for view in saved}}
    titles = {key: words(f"lists.{key}") for key in views.BUILT_IN} | {key_of(view): view.title for view in saved}
    counted = lists.counts(session, _filters(queries, agent), now)
    return [View(key, titles[key], _shown(counted.get(key))) for key in queries]


def key_of(view: SavedView) -> str:
    """What addresses call a saved view."""
    return f"{SAVED}{view.id}"


def _query(session: Session, asked: Asked, agent: str) -> str:
    if asked.q:
        return asked.q
    saved = {key_of(view): view.query for view in views.views(session, agent)}
    return {**views.BUILT_IN, **saved}.get(asked.view or FIRST, views.BUILT_IN[FIRST])


def _page(session: Session, wanted: Filter, after: str, now: datetime) -> tuple[Sequence[Row], str | None]:
    if wanted.text:
        found = searching.search_page(session, wanted, after or None, PAGE, now)
        hits = [(hit.ticket, hit.snippet) for hit in found.found if hit.ticket]
        return [Row(item, nearness(item.due_at, now), _pieces(snippet)) for item, snippet in hits], found.next
    page = lists.list_page(session, wanted, after or None, PAGE, now)
    return [Row(item, nearness(item.due_at, now), [(_plain(item), False)]) for item in page.items], page.next


def _plain(item: Item) -> str:
    """The last message without its formatting."""
    return item.said if item.author is Author.USER else render(item.said, Markup.PLAIN)


def _pieces(snippet: Snippet) -> list[tuple[str, bool]]:
    pieces, last = [], 0
    for start, end in snippet.marks:
        pieces += [(snippet.text[last:start], False), (snippet.text[start:end], True)]
        last = end
    return [*pieces, (snippet.text[last:], False)]


def _filters(queries: Mapping[str, str], agent: str) -> dict[str, Filter]:
    """Those that can still be understood; a filter that a newer version dropped counts nothing."""
    found = {}
    for key, query in queries.items():
        try:
            found[key] = parse(query, agent)
        except Refused:
            continue
    return {key: each for key, each in found.items() if not each.text}


def _shown(count: int | None) -> str:
    if count is None:
        return ""
    return str(count) if count < lists.MOST_COUNTED else f"{lists.MOST_COUNTED - 1}+"
