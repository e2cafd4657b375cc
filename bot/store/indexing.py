"""Keeps the search in step with what is written.

Triggers write down what changed in the same transaction. Here it is turned into terms, by a loop that runs beside the
app and by whoever searches, so that a search finds all that was written before it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, insert, or_, text
from sqlalchemy import select as select_row
from sqlmodel import Session, col, select

from bot.store.search_tables import SearchDue, SearchEntry, Source
from bot.store.tables import Address, Contact, Message, Ticket, TicketEvent
from bot.store.terms import LONGEST_TEXT, terms

#: Whoever indexes on PostgreSQL holds the lock of this number, which is nobody else's.
INDEXING = int.from_bytes(b"indexing")

#: An entry's id: milliseconds since then above, the source below, in as many bits.
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
TIME_BITS, SOURCE_BITS = 41, 22
LARGEST_ENTRY = (1 << TIME_BITS + SOURCE_BITS) - 1

_ENTRY = insert(SearchEntry.__table__)  # type: ignore[attr-defined]  # SQLModel does not say so
_TERMS = text("INSERT INTO searchterms (rowid, terms) VALUES (:id, :terms)")
_FORGET = text("DELETE FROM searchterms WHERE rowid IN :ids").bindparams(bindparam("ids", expanding=True))
_WHOLE = text(
    "INSERT INTO searchentry (id, kind, source_id, about_id, terms)"
    " VALUES (:id, :kind, :source_id, :about_id, CAST(:terms AS tsvector))"
)


@dataclass(frozen=True, slots=True)
class Text:
    """What is found, and shown where it is: `said` at a time, by the id of its row and what that belongs to."""

    source_id: int
    about_id: int
    at: datetime
    said: str


def index(session: Session, limit: int) -> int:
    """Indexes up to `limit` of what is due, newest first; how much it was, none where somebody else is at it."""
    # Two who read the same change at different times could leave the older text. Nobody waits: searches would queue up.
    if not embedded(session) and not session.scalar(select_row(func.pg_try_advisory_xact_lock(INDEXING))):
        return 0
    due = session.exec(
        select(SearchDue.id, SearchDue.kind, SearchDue.source_id).order_by(col(SearchDue.id).desc()).limit(limit)
    ).all()
    if not due:
        return 0
    wanted = {kind: {source for _, found, source in due if found is kind} for kind in Source}
    _renew(session, {kind: sources for kind, sources in wanted.items() if sources})
    session.execute(delete(SearchDue).where(col(SearchDue.id).in_([number for number, _, _ in due])))
    return len(due)


def waiting(session: Session) -> int:
    """How much is due."""
    return session.exec(select(func.count()).select_from(SearchDue)).one()


def texts(session: Session, kind: Source, sources: Collection[int]) -> list[Text]:
    """The texts that are there still of the rows `sources`."""
    return _READ[kind](session, sources)


def entry_id(kind: Source, source_id: int, at: datetime) -> int:
    """Rises with `at`. Two are the same only where a million rows of one kind were written in one millisecond."""
    since = (at - BEGINNING) // timedelta(milliseconds=1)
    source = (source_id * len(Source) + list(Source).index(kind)) % (1 << SOURCE_BITS)
    return max(0, min(since, (1 << TIME_BITS) - 1)) << SOURCE_BITS | source


def embedded(session: Session) -> bool:
    """Whether it is SQLite, where the terms are a table of their own."""
    return session.get_bind().dialect.name == "sqlite"


def said_at(entry: int) -> datetime:
    """The time in the id of an entry."""
    return BEGINNING + timedelta(milliseconds=entry >> SOURCE_BITS)


def _renew(session: Session, wanted: Mapping[Source, Collection[int]]) -> None:
    made = [_entry(kind, each) for kind, sources in wanted.items() for each in texts(session, kind, sources)]
    new = {entry["id"]: entry for entry in made}
    same = [and_(col(SearchEntry.kind) == kind, col(SearchEntry.source_id).in_(ids)) for kind, ids in wanted.items()]
    _forget(session, session.exec(select(SearchEntry.id).where(or_(*same, col(SearchEntry.id).in_(new)))).all())
    if new:
        # In the order of their ids: FTS5 writes what it has gathered whenever one is smaller than the one before.
        _add(session, [new[number] for number in sorted(new)])


def _forget(session: Session, ids: Sequence[int]) -> None:
    if not ids:
        return
    session.execute(delete(SearchEntry).where(col(SearchEntry.id).in_(ids)))
    if embedded(session):
        session.execute(_FORGET, {"ids": ids})


def _add(session: Session, entries: Sequence[dict[str, Any]]) -> None:
    connection = session.connection()
    if embedded(session):
        connection.execute(_ENTRY, entries)
        connection.execute(_TERMS, [{"id": each["id"], "terms": " ".join(each["terms"])} for each in entries])
    else:
        connection.execute(_WHOLE, [{**each, "terms": _vector(each["terms"])} for each in entries])


def _vector(found: Sequence[str]) -> str:
    """The terms with their places, as PostgreSQL writes a tsvector. They hold nothing that it would have to escape."""
    places: dict[str, list[str]] = {}
    for place, term in enumerate(found, 1):
        places.setdefault(term, []).append(str(place))
    return " ".join(f"'{term}':{','.join(at)}" for term, at in places.items())


def _entry(kind: Source, found: Text) -> dict[str, Any]:
    return {
        "id": entry_id(kind, found.source_id, found.at),
        "kind": kind,
        "source_id": found.source_id,
        "about_id": found.about_id,
        "terms": terms(found.said),
    }


def _messages(session: Session, ids: Collection[int]) -> list[Text]:
    columns = col(Message.id), col(Message.conversation_id), col(Message.created_at)
    said = func.substr(Message.text, 1, LONGEST_TEXT)
    rows = session.execute(select_row(*columns, said).where(col(Message.id).in_(ids)))
    return [Text(number, about, at, said) for number, about, at, said in rows]


def _notes(session: Session, ids: Collection[int]) -> list[Text]:
    wanted = select(TicketEvent).where(col(TicketEvent.id).in_(ids))
    return [Text(note.id, note.ticket_id, note.at, str(note.detail.get("text", ""))) for note in session.exec(wanted)]


def _tickets(session: Session, ids: Collection[int]) -> list[Text]:
    columns = [getattr(Ticket, name) for name in ("id", "created_at", "number", "title", "facts")]
    rows = session.execute(select_row(*columns).where(col(Ticket.id).in_(ids)))
    return [
        Text(number, number, at, " · ".join([name, title, *map(str, facts.values())]))
        for number, at, name, title, facts in rows
    ]


def _addresses(session: Session, ids: Collection[int]) -> list[Text]:
    columns = col(Address.id), col(Contact.created_at), col(Contact.name), col(Address.name), col(Address.handle)
    rows = session.execute(
        select_row(*columns).join(Contact, col(Address.contact_id) == Contact.id).where(col(Address.id).in_(ids))
    )
    return [Text(number, number, at, " · ".join(dict.fromkeys(filter(None, names)))) for number, at, *names in rows]


_READ: Mapping[Source, Callable[[Session, Collection[int]], list[Text]]] = {
    Source.MESSAGE: _messages,
    Source.NOTE: _notes,
    Source.TICKET: _tickets,
    Source.ADDRESS: _addresses,
}
