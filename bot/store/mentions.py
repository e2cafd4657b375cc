"""Who is named in notes: `@Anna` puts it before Anna until she has seen it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.store.agent_tables import Agent
from bot.store.tables import Ticket, TicketEvent
from bot.store.ticketing import find
from bot.store.ticketing_tables import Mention

#: A letter or digit of a script that puts blanks between words.
IN_WORD = r"[^\W\u3040-\u30ff\u3400-\u9fff]"


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A note that names somebody."""

    id: int
    number: str
    title: str
    by: str
    text: str
    at: datetime
    seen: bool


def mention(session: Session, line: TicketEvent, text: str, now: datetime) -> None:
    """Writes down whom the note names, besides its writer. Only who works here is anybody."""
    if "@" not in text:
        return
    session.flush()
    names = session.exec(select(Agent.name).where(col(Agent.removed_at).is_(None))).all()
    for name in named(text, names):
        if name != line.actor:
            session.add(Mention(agent=name, ticket_id=line.ticket_id, event_id=line.id, created_at=now))


def named(text: str, names: Sequence[str]) -> list[str]:
    """Those of `names` that stand in `text` behind an @, in any case; of "Anna" and "Anna Li" the longer one."""
    by_case = {name.casefold(): name for name in names}
    longest_first = sorted(by_case, key=len, reverse=True)
    if not longest_first:
        return []
    pattern = rf"(?<!{IN_WORD})@({'|'.join(map(re.escape, longest_first))})(?!{IN_WORD})"
    return list(dict.fromkeys(by_case[found] for found in re.findall(pattern, text.casefold())))


def of(session: Session, agent: str, limit: int, *, seen: bool = False) -> list[Mentioned]:
    """The newest notes that name `agent`, newest first; those seen already only where asked for."""
    wanted = (
        select(Mention, Ticket, TicketEvent)
        .join(Ticket, col(Mention.ticket_id) == Ticket.id)
        .join(TicketEvent, col(Mention.event_id) == TicketEvent.id)
        .where(Mention.agent == agent)
        .order_by(col(Mention.id).desc())
        .limit(limit)
    )
    rows = session.exec(wanted if seen else wanted.where(col(Mention.seen_at).is_(None)))
    return [
        Mentioned(
            row.id, ticket.number, ticket.title, line.actor, str(line.detail["text"]), line.at, row.seen_at is not None
        )
        for row, ticket, line in rows
    ]


def see(session: Session, agent: str, number: str, now: datetime) -> None:
    """`agent` has read the notes of the ticket."""
    ticket = find(session, number)
    session.execute(
        update(Mention)
        .where(col(Mention.agent) == agent, col(Mention.ticket_id) == ticket.id, col(Mention.seen_at).is_(None))
        .values(seen_at=now)
    )
