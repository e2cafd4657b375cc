"""Files that agents put up before they send them with an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from bot.errors import NotFound, Refused
from bot.store.inbox import KeptFile
from bot.store.rows import LARGEST_ID
from bot.store.ticketing import find
from bot.store.upload_tables import Upload

#: What was not sent by then is forgotten, and how much an agent may have put up at a time.
LIFE = timedelta(days=1)
MOST = 50


def put_up(session: Session, number: str, agent: str, file: KeptFile, now: datetime) -> int:
    """The id by which `agent` sends the file with an answer to the ticket. Raises `NotFound` and `Refused`."""
    ticket = find(session, number)
    session.execute(delete(Upload).where(col(Upload.agent) == agent, col(Upload.created_at) < now - LIFE))
    if len(session.exec(select(Upload.id).where(Upload.agent == agent)).all()) >= MOST:
        raise Refused(f"{MOST} files of yours wait to be sent: send some of them first")
    row = Upload(
        ticket_id=ticket.id,
        agent=agent,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def put_up_by(session: Session, number: str, agent: str, ids: Sequence[int]) -> list[KeptFile]:
    """The agent's files for the ticket, in the order of `ids`. Raises `NotFound`, also for those of anybody else."""
    ticket = find(session, number)
    known = [id_ for id_ in ids if 0 < id_ <= LARGEST_ID]
    mine = select(Upload).where(Upload.agent == agent, Upload.ticket_id == ticket.id, col(Upload.id).in_(known))
    found = {row.id: row for row in session.exec(mine)}
    if missing := [id_ for id_ in ids if id_ not in found]:
        raise NotFound(f"you have put up no file {missing[0]} for {ticket.number}")
    return [KeptFile(row.name, row.media_type, row.size, row.sha256) for row in map(found.__getitem__, ids)]


def sent(session: Session, agent: str, ids: Sequence[int]) -> None:
    """They are with an answer."""
    session.execute(delete(Upload).where(col(Upload.agent) == agent, col(Upload.id).in_(ids)))
