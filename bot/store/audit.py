"""The audit trail: who did what when, each line chained to the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from bot.store.access_tables import AuditLine
from bot.store.chain import link
from bot.store.ticketing import find

#: Whoever runs the `frontdesk` command.
OPERATOR = "command line"
#: Somebody who has not said who they are, or not proved it.
NOBODY = "unknown"

VIEWED = "ticket viewed"

#: Looking at the same thing again so soon adds no line.
AGAIN = timedelta(minutes=5)

#: Whoever adds a line on PostgreSQL holds the lock of this number; SQLite has one writer anyway.
ADDING = int.from_bytes(b"auditing")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines; empty stands for all."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


def note(session: Session, /, actor: str, action: str, subject: str, now: datetime, **detail: Any) -> None:
    """Adds a line. `detail` is JSON without secrets and without what users wrote.

    The last thing in a transaction: until its end whoever else adds a line waits.
    """
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADDING})
    newest = select(AuditLine.digest).order_by(col(AuditLine.id).desc()).limit(1)
    previous = session.exec(newest).first() or ""
    digest = link(previous, now, actor, action, detail, subject)
    line = AuditLine(
        at=now, actor=actor, action=action, subject=subject, detail=detail, previous=previous, digest=digest
    )
    session.add(line)
    session.flush()


def ticket_viewed(session: Session, actor: str, number: str, now: datetime, *, over: str) -> None:
    """Notes that `actor` looked at a ticket `over` the desk or the api, unless they did less than `AGAIN` ago.

    Raises `NotFound`.
    """
    ticket = find(session, number)
    last = session.exec(
        select(AuditLine.at)
        .where(AuditLine.subject == ticket.number, AuditLine.actor == actor, AuditLine.action == VIEWED)
        .order_by(col(AuditLine.id).desc())
        .limit(1)
    ).first()
    if last is None or now - last >= AGAIN:
        note(session, actor, VIEWED, ticket.number, now, over=over)


def lines(session: Session, wanted: Filter, limit: int, before: int | None = None) -> Sequence[AuditLine]:
    """The newest `limit` lines that match, newest first; those older than the line `before` where it is given."""
    asked = select(AuditLine).order_by(col(AuditLine.id).desc()).limit(limit)
    for name in ("actor", "action", "subject"):
        if value := getattr(wanted, name):
            asked = asked.where(getattr(AuditLine, name) == value)
    if wanted.since:
        asked = asked.where(AuditLine.at >= wanted.since)
    if wanted.until:
        asked = asked.where(AuditLine.at < wanted.until)
    if before is not None:
        asked = asked.where(col(AuditLine.id) < before)
    return session.exec(asked).all()


def actions(session: Session) -> Sequence[str]:
    """Every kind of line there is."""
    return session.exec(select(AuditLine.action).distinct().order_by(AuditLine.action)).all()
