"""The audit trail: lines are only added, and whoever changes one behind our back is found out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from bot.errors import StorageDown
from bot.store import audit, verifying
from bot.store.access_tables import AuditLine
from bot.store.audit import Filter
from bot.store.chain import link
from bot.store.database import Database, Session
from bot.store.tables import TicketEvent
from bot.store.verifying import Walked
from tests.samples import NOW, escalated, inbound, later, rows


def wrote(database: Database, lines: int = 3) -> None:
    """Lines of three agents."""
    for number in range(lines):
        database.transact(
            audit.note, ("Anna", "Ben", "Olga")[number % 3], "agent changed", "Ann", later(number), at=number
        )


def behind_our_back(database: Database, *statements: str) -> None:
    """What somebody with the database's own rights can do."""

    def work(session: Session) -> None:
        if database.embedded:
            session.execute(text('DROP TRIGGER "auditline_no_UPDATE"'))
            session.execute(text('DROP TRIGGER "auditline_no_DELETE"'))
        else:
            session.execute(text("ALTER TABLE auditline DISABLE TRIGGER ALL"))
        for statement in statements:
            session.execute(text(statement))
        if not database.embedded:
            session.execute(text("ALTER TABLE auditline ENABLE TRIGGER ALL"))

    database.transact(work)


def walked(database: Database, known: str = "") -> Walked:
    return verifying.walk_audit(database, known, lambda _: None)


def test_lines_are_only_added(database: Database) -> None:
    """The database itself refuses to change or take out a line."""
    wrote(database)
    for statement in ("UPDATE auditline SET actor = 'Eve'", "DELETE FROM auditline WHERE id = 1"):
        with pytest.raises(StorageDown, match="only added to"):
            database.transact(lambda session, said: session.execute(text(said)), statement)
    assert [line.actor for line in rows(database, AuditLine)] == ["Anna", "Ben", "Olga"]


def test_a_whole_trail_is_whole(database: Database) -> None:
    """Every line follows the one before; the newest digest and one from an earlier run are found."""
    assert walked(database) == Walked()
    wrote(database, 5)
    digests = [line.digest for line in rows(database, AuditLine)]
    assert walked(database, digests[1]) == Walked(5, None, digests[-1], known=True)


@pytest.mark.parametrize(
    ("done", "first"),
    [
        ("UPDATE auditline SET actor = 'Eve' WHERE id = 2", 2),
        ("UPDATE auditline SET detail = '{}' WHERE id = 3", 3),
        ("UPDATE auditline SET at = '2026-03-01 09:00:00.000000' WHERE id = 1", 1),
        ("DELETE FROM auditline WHERE id = 1", 2),
        ("DELETE FROM auditline WHERE id = 3", 4),
        ("UPDATE auditline SET digest = '' WHERE id = 4", 4),
    ],
)
def test_the_first_broken_line_is_named(sqlite: Database, done: str, first: int) -> None:
    """Changed, taken out, or without its digest."""
    wrote(sqlite, 5)
    behind_our_back(sqlite, done)
    broken = walked(sqlite).broken
    assert broken
    assert broken.line.id == first


def test_a_cut_at_the_end_is_seen_by_who_kept_the_digest(database: Database) -> None:
    """The chain alone is whole; the digest of an earlier run is missing."""
    wrote(database, 4)
    newest = walked(database).newest
    behind_our_back(database, "DELETE FROM auditline WHERE id > 2")
    after = walked(database, newest)
    assert after.broken is None
    assert not after.known


def test_two_who_write_at_once_make_one_chain(database: Database) -> None:
    """Also from several processes on PostgreSQL: the second waits for the first."""
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: wrote(database, 5), range(4)))
    assert walked(database).broken is None
    assert walked(database).lines == 20


def chained(session: Session, ticket_id: int, kinds: list[str]) -> None:
    """Lines of a ticket's timeline, as they are added."""
    previous = ""
    for kind in kinds:
        digest = link(previous, NOW, "Anna", kind, {}, ticket_id)
        session.add(TicketEvent(ticket_id=ticket_id, at=NOW, actor="Anna", kind=kind, previous=previous, digest=digest))
        previous = digest
        session.flush()


def rewritten(session: Session, statement: str) -> None:
    """What only who owns the database can do: the triggers that refuse it are put aside."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE ticketevent DISABLE TRIGGER USER"))
        session.execute(text(statement))
        session.execute(text("ALTER TABLE ticketevent ENABLE TRIGGER USER"))
        return
    kept = session.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ticketevent'")
    )
    triggers = kept.all()
    for name, _ in triggers:
        session.execute(text(f"DROP TRIGGER {name}"))
    session.execute(text(statement))
    for _, sql in triggers:
        session.execute(text(sql))


def test_timelines_are_walked_too(database: Database) -> None:
    """Each by itself, from its first digest on: lines from before are let be, a missing digest later is not."""
    one = escalated(database)
    other = escalated(database, inbound("me too", "e9"))
    before = len(rows(database, TicketEvent))

    database.transact(lambda session: rewritten(session, "UPDATE ticketevent SET previous = '', digest = ''"))
    database.transact(chained, one.id, ["taken", "note", "solved"])
    assert verifying.walk_timelines(database, lambda _: None) == Walked(before + 3)
    forged = "UPDATE ticketevent SET actor = 'Eve' WHERE kind = 'note'"
    database.transact(lambda session: rewritten(session, forged))
    broken = verifying.walk_timelines(database, lambda _: None).broken
    assert broken
    assert (broken.chain, broken.line.actor) == (one.number, "Eve")
    assert other.number


def test_lines_are_found_by_what_they_say(database: Database) -> None:
    """Who, what, to whom and when; newest first, page by page."""
    wrote(database, 6)
    database.transact(audit.note, "Anna", "signed in", "Anna", later(100))

    def ids(wanted: Filter, limit: int = 10, before: int | None = None) -> list[int]:
        return [line.id for line in database.transact(audit.lines, wanted, limit, before)]

    assert ids(Filter()) == [7, 6, 5, 4, 3, 2, 1]
    assert ids(Filter(actor="Anna")) == [7, 4, 1]
    assert ids(Filter(action="signed in")) == [7]
    assert ids(Filter(subject="Ann"), limit=2) == [6, 5]
    assert ids(Filter(subject="Ann"), limit=2, before=5) == [4, 3]
    assert ids(Filter(since=later(2), until=later(4))) == [4, 3]
    assert database.transact(audit.actions) == ["agent changed", "signed in"]


def test_looking_again_soon_is_one_line(database: Database) -> None:
    """Five minutes later it is another, and for another agent or ticket at once."""
    number = escalated(database).number
    for agent, at in (("Anna", 0), ("Anna", 299), ("Ben", 299), ("Anna", 300), ("Anna", 301)):
        database.transact(audit.ticket_viewed, agent, number, later(at), over="desk")
    assert [(line.actor, line.at) for line in rows(database, AuditLine)] == [
        ("Anna", later(0)),
        ("Ben", later(299)),
        ("Anna", later(300)),
    ]
