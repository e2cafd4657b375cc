"""Search over all tickets and messages: the newest first, each ticket once, and no further than a page needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, text, true
from sqlalchemy import select as select_row
from sqlmodel import Session, col, select

from bot.store import cursor
from bot.store.belonging import Entry, Place, places
from bot.store.filters import Filter
from bot.store.indexing import LARGEST_ENTRY, embedded, index, said_at, texts
from bot.store.lists import Item, items
from bot.store.search_tables import Source
from bot.store.selecting import clauses, looked_up
from bot.store.tables import Ticket
from bot.store.terms import Phrase, Snippet, phrases, snippet

#: Found on a page, and by a whole search: whoever has seen so many asks for something else.
LONGEST_PAGE = 50
MOST_FOUND = 200

#: Entries read for one page, a few at first as most pages need no more; behind those it ends, full or not, and the next
#: goes on.
READS = (100, 450, 450)

#: Changes indexed before a search; a loop has long done the rest.
MOST_DUE = 200

# CROSS JOIN keeps the order: SQLite would else begin with the entries.
_SQLITE = text(
    "SELECT entry.id, entry.kind, entry.source_id, entry.about_id"
    " FROM searchterms CROSS JOIN searchentry AS entry ON entry.id = searchterms.rowid"
    " WHERE searchterms MATCH :wanted AND searchterms.rowid < :before ORDER BY searchterms.rowid DESC LIMIT :limit"
)
_POSTGRES = text(
    "SELECT id, kind, source_id, about_id FROM searchentry"
    " WHERE terms @@ CAST(:wanted AS tsquery) AND id < :before ORDER BY id DESC LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Found:
    """Where something was found, newest: in a ticket, or in a conversation without one."""

    kind: Source
    #: Of the message, note, ticket or address.
    source_id: int
    at: datetime
    snippet: Snippet
    ticket: Item | None
    conversation_id: int | None


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Newest first; `next` is the cursor of the page behind, None on the last. A page may be short and not the last."""

    found: Sequence[Found]
    next: str | None


@dataclass(slots=True)
class _Reading:
    """How far a search has come: entries from `before` on are read, of what belongs to `seen` no more is wanted."""

    before: int = LARGEST_ENTRY
    seen: set[str] = field(default_factory=set)
    found: dict[Place, Entry] = field(default_factory=dict)
    #: Nothing is left.
    ended: bool = False


def search_page(session: Session, wanted: Filter, after: str | None, limit: int, now: datetime) -> FoundPage:
    """Up to `limit` tickets in which all of the filter's text is found in one place. Raises `Refused` for `after`.

    Also conversations without a ticket where the filter says everywhere. Nothing is found by a text without a letter or
    digit.
    """
    asked = phrases(wanted.text)
    if not asked:
        return FoundPage((), None)
    index(session, MOST_DUE)
    wanted = looked_up(session, wanted)
    reading = _begun(session, wanted, after, now)
    limit = max(1, min(limit, LONGEST_PAGE, MOST_FOUND - len(reading.seen)))
    for some in READS:
        if reading.ended or len(reading.found) >= limit:
            break
        entries = _entries(session, asked, reading.before, some)
        fitted = _take_in(session, reading, wanted, entries, limit, now)
        reading.ended = fitted and len(entries) < some
    seen = [*reading.seen, *map(str, reading.found)]
    more = not reading.ended and len(seen) < MOST_FOUND
    return FoundPage(_shown(session, reading.found, asked), cursor.encode(reading.before, seen) if more else None)


def _begun(session: Session, wanted: Filter, after: str | None, now: datetime) -> _Reading:
    """Behind the cursor; on the first page the ticket of exactly that number stands before all others."""
    if after:
        before, seen = cursor.decode(after, int, list)
        return _Reading(before, set(seen[:MOST_FOUND]))
    number = wanted.text.strip().upper()
    named = select(Ticket.id, Ticket.created_at).where(Ticket.number == number, *clauses(wanted, now))
    # A database may refuse the characters that no number has.
    found = session.exec(named).first() if number.isascii() and number.isprintable() else None
    return _Reading(found={Place(found[0]): Entry(0, Source.TICKET, found[0], found[0], found[1])} if found else {})


def _take_in(
    session: Session, reading: _Reading, wanted: Filter, entries: Sequence[Entry], limit: int, now: datetime
) -> bool:
    """Adds what is wanted of `entries`, up to `limit` in all, and says whether all of it fitted."""
    for entry, place in _wanted(session, places(session, entries), wanted, now):
        if str(place) in reading.seen or place in reading.found:
            continue
        if len(reading.found) >= limit:
            # It belongs to more than fits: the next page begins with it.
            reading.before = entry.id + 1
            return False
        reading.found[place] = entry
    reading.before = entries[-1].id if entries else 0
    return True


def _entries(session: Session, asked: Sequence[Phrase], before: int, limit: int) -> list[Entry]:
    here = embedded(session)
    wanted = _match(asked) if here else _query(asked)
    found = session.connection().execute(
        _SQLITE if here else _POSTGRES, {"wanted": wanted, "before": before, "limit": limit}
    )
    return [Entry(number, Source(kind), source, about, said_at(number)) for number, kind, source, about in found]


def _wanted(
    session: Session, found: Sequence[tuple[Entry, Place]], wanted: Filter, now: datetime
) -> Iterator[tuple[Entry, Place]]:
    ids = {place.ticket_id for _, place in found if place.ticket_id is not None}
    # Asked of each of these, not looked for: a filter that fits many would else be read from its own index.
    fits = and_(true(), *clauses(wanted, now))
    rows = session.execute(select_row(col(Ticket.id), fits).where(col(Ticket.id).in_(ids)))
    there = {number for number, fitting in rows if fitting}
    for entry, place in found:
        if place.ticket_id in there or (place.ticket_id is None and wanted.everywhere):
            yield entry, place


def _shown(session: Session, found: Mapping[Place, Entry], asked: Sequence[Phrase]) -> list[Found]:
    tickets = {item.id: item for item in items(session, [place.ticket_id for place in found if place.ticket_id])}
    said = _said(session, found.values())
    return [
        Found(
            kind=entry.kind,
            source_id=entry.source_id,
            at=entry.at,
            snippet=snippet(said[entry.kind, entry.source_id], asked),
            ticket=tickets.get(place.ticket_id or 0),
            conversation_id=place.conversation_id,
        )
        for place, entry in found.items()
        if (entry.kind, entry.source_id) in said
    ]


def _said(session: Session, entries: Collection[Entry]) -> dict[tuple[Source, int], str]:
    sources: defaultdict[Source, set[int]] = defaultdict(set)
    for entry in entries:
        sources[entry.kind].add(entry.source_id)
    return {(kind, each.source_id): each.said for kind, ids in sources.items() for each in texts(session, kind, ids)}


def _match(asked: Sequence[Phrase]) -> str:
    """As FTS5 writes it. Terms are letters and digits: nothing in them could mean anything to it."""
    return " AND ".join(f'"{" ".join(phrase.terms)}"{"*" if phrase.prefix else ""}' for phrase in asked)


def _query(asked: Sequence[Phrase]) -> str:
    """As PostgreSQL writes it."""
    return " & ".join(map(_written, asked))


def _written(phrase: Phrase) -> str:
    terms = " <-> ".join(f"'{term}'" for term in phrase.terms)
    return f"({terms}{':*' if phrase.prefix else ''})"
