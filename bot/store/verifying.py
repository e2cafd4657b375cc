"""Walks the chains: the audit trail, and every ticket's timeline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, func, select

from bot.store.access_tables import AuditLine
from bot.store.chain import link
from bot.store.database import Database
from bot.store.tables import Ticket, TicketEvent

#: Lines in one transaction: nobody waits long for us.
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Broken:
    """The first line of a chain that is not what was written, or does not follow the one before."""

    #: "audit" or a ticket's number.
    chain: str
    line: AuditLine | TicketEvent


@dataclass(slots=True)
class Walked:
    """What was found."""

    lines: int = 0
    broken: Broken | None = None
    #: The newest digest of the audit trail, to be kept elsewhere: who cuts lines off at the end leaves no other trace.
    newest: str = ""
    #: Whether `known` was among the digests.
    known: bool = False


@dataclass(slots=True)
class _Chains:
    #: The newest digest of each ticket.
    last: dict[int, str] = field(default_factory=dict)

    def follows(self, event: TicketEvent) -> bool:
        """Whether the line follows its ticket's one before. A timeline may begin with lines from before digests."""
        last = self.last.get(event.ticket_id)
        if last is None and not event.digest:
            return True
        self.last[event.ticket_id] = event.digest
        right = link(event.previous, event.at, event.actor, event.kind, event.detail, event.ticket_id)
        return event.previous == (last or "") and event.digest == right


def size(session: Session) -> int:
    """How many lines there are to walk."""
    return sum(session.exec(select(func.count()).select_from(table)).one() for table in (AuditLine, TicketEvent))


def walk_audit(database: Database, known: str, tell: Callable[[int], None]) -> Walked:
    """The audit trail up to the first broken line. `tell` hears how many lines more were walked."""
    walked, after = Walked(), 0
    while lines := database.transact(_audit_after, after):
        for line in lines:
            right = link(line.previous, line.at, line.actor, line.action, line.detail, line.subject)
            if line.previous != walked.newest or line.digest != right:
                walked.broken = Broken("audit", line)
                return walked
            walked.newest = line.digest
            walked.known = walked.known or line.digest == known
        after = lines[-1].id
        walked.lines += len(lines)
        tell(len(lines))
    return walked


def walk_timelines(database: Database, tell: Callable[[int], None]) -> Walked:
    """All tickets' timelines up to the first broken line."""
    walked, chains, after = Walked(), _Chains(), 0
    while events := database.transact(_events_after, after):
        for event in events:
            if not chains.follows(event):
                walked.broken = database.transact(_confirmed, event.ticket_id)
                if walked.broken:
                    return walked
        after = events[-1].id
        walked.lines += len(events)
        tell(len(events))
    return walked


def _confirmed(session: Session, ticket_id: int) -> Broken | None:
    """The first broken line of one timeline, read at once: lines of different tickets may appear out of order."""
    mine = select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(col(TicketEvent.id))
    chains = _Chains()
    wrong = next((event for event in session.exec(mine) if not chains.follows(event)), None)
    return Broken(session.get_one(Ticket, ticket_id).number, wrong) if wrong else None


def _audit_after(session: Session, after: int) -> Sequence[AuditLine]:
    return session.exec(select(AuditLine).where(AuditLine.id > after).order_by(col(AuditLine.id)).limit(AT_ONCE)).all()


def _events_after(session: Session, after: int) -> Sequence[TicketEvent]:
    wanted = select(TicketEvent).where(TicketEvent.id > after).order_by(col(TicketEvent.id)).limit(AT_ONCE)
    return session.exec(wanted).all()
