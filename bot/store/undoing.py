"""Merges and splits undone, and where tickets that went into others are.

Acts are undone as from a stack: the last of a ticket first, and only while it is the last of the other ticket too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from bot.errors import NotFound, Refused
from bot.store.link_tables import PrivateLink
from bot.store.merging import SHARED, both, close_into, give_to, ids_of, join, leave
from bot.store.tables import Message, Ticket, TicketEvent, TicketState
from bot.store.ticketing import add_event, conversations, find, going_on, refuse_over
from channels.words import Author, Owner

#: Lines by which a ticket remembers an act, each with the one that the other ticket has then.
TWINS = {"merged": "absorbed", "absorbed": "merged", "split": "split_off", "split_off": "split"}
UNDONE = "undone"


def undo(session: Session, number: str, agent: str, now: datetime) -> tuple[Ticket, Ticket]:
    """Undoes the last merge or split of the ticket; the two tickets, the one that was merged or split first.

    After a merge both stand as before, each with what came since in its conversations. After a split all is on the old
    ticket again, and the new one is closed and goes on as the old. Raises `NotFound`, and `Refused` with the reason
    where something since is against it: one of the two is over, or was merged or split again.
    """
    ticket = find(session, number)
    line = _last_act(session, ticket)
    if line is None:
        raise Refused(f"{ticket.number} was neither merged nor split")
    ticket, other = both(session, ticket, find(session, line.detail["other"]))
    ours, theirs = _last_act(session, ticket), _last_act(session, other)
    if not ours or not theirs or not _are_one(ours, ticket, theirs, other):
        raise Refused(f"{ticket.number} or {other.number} was merged or split since: undo that first")
    sides = sorted([(ours, ticket), (theirs, other)], key=lambda side: side[0].kind in ("absorbed", "split_off"))
    (first, was), (second, became) = sides
    if first.kind == "merged":
        _unmerge(session, was, became, first, second)
    else:
        _unsplit(session, was, became, second)
    for done, side in sides:
        add_event(session, side, agent, UNDONE, now, what=done.kind, line=done.id)
    return was, became


def followed(session: Session, number: str) -> Ticket | None:
    """The ticket that `number` goes on as, itself where it went into no other; None where there is none."""
    try:
        return going_on(session, find(session, number))
    except NotFound:
        return None


def shown_of(session: Session, ticket: Ticket) -> list[int]:
    """The conversations that show what the ticket is about; of one that went into another, those it had then."""
    if ticket.merged_into_id is None:
        return ids_of(session, ticket)
    line = _last_act(session, ticket) or _undone_split(session, ticket)
    return sorted(map(int, line.detail["owners"])) if line.kind == "merged" else [line.detail["conversation"]]


def _last_act(session: Session, ticket: Ticket) -> TicketEvent | None:
    lines = session.exec(
        select(TicketEvent)
        .where(TicketEvent.ticket_id == ticket.id, col(TicketEvent.kind).in_([*TWINS, UNDONE]))
        .order_by(col(TicketEvent.id))
    )
    acts: list[TicketEvent] = []
    for line in lines:
        if line.kind == UNDONE:
            acts.pop()
        else:
            acts.append(line)
    return acts[-1] if acts else None


def _undone_split(session: Session, ticket: Ticket) -> TicketEvent:
    """How a ticket began that was split off, where that was undone."""
    return session.exec(
        select(TicketEvent).where(TicketEvent.ticket_id == ticket.id, TicketEvent.kind == "split_off")
    ).one()


def _are_one(ours: TicketEvent, ticket: Ticket, theirs: TicketEvent, other: Ticket) -> bool:
    """Whether the lines are the two of one act."""
    meet = (ours.detail["other"], theirs.detail["other"]) == (other.number, ticket.number)
    return meet and theirs.kind == TWINS[ours.kind]


def _unmerge(session: Session, source: Ticket, target: Ticket, was: TicketEvent, got: TicketEvent) -> None:
    refuse_over(session, target)
    own = {int(id_): Owner(owner) for id_, owner in was.detail["owners"].items()}
    given = [*got.detail["conversations"], *_carried_on(session, own, ids_of(session, target))]
    leave(session, target, given)
    join(session, source, [*own, *given])
    _take_back(target, got)
    since = was.detail["waiting_since"]
    source.state, source.merged_into_id = TicketState(was.detail["state"]), None
    source.waiting_since = datetime.fromisoformat(since) if since else None
    for talk in conversations(session, source):
        give_to(session, talk, own.get(talk.id, talk.owner))
    _heed(session, source, [*own, *given], was.at)


def _unsplit(session: Session, old: Ticket, new: Ticket, cut: TicketEvent) -> None:
    refuse_over(session, old)
    refuse_over(session, new)
    moved = conversations(session, new)
    ids = [talk.id for talk in moved]
    leave(session, new, ids)
    join(session, old, ids)
    close_into(new, old)
    for talk in moved:
        give_to(session, talk, talk.owner)
    _heed(session, old, ids, cut.at)


def _carried_on(session: Session, ids: Collection[int], there: Collection[int]) -> Sequence[int]:
    """Private conversations in which those of `ids` were carried on since."""
    wanted = select(PrivateLink.private_id).where(
        col(PrivateLink.conversation_id).in_(ids), col(PrivateLink.private_id).in_(there)
    )
    return [found for found in session.exec(wanted) if found and found not in ids]


def _take_back(target: Ticket, got: TicketEvent) -> None:
    """What the merge gave, unless it was changed since."""
    given = got.detail["facts"]
    target.facts = {name: value for name, value in target.facts.items() if given.get(name) != value}
    target.tags = [tag for tag in target.tags if tag not in got.detail["tags"]]
    for name in SHARED:
        before, after = (datetime.fromisoformat(at) if at else None for at in got.detail[name])
        if getattr(target, name) == after:
            setattr(target, name, before)


def _heed(session: Session, ticket: Ticket, ids: Collection[int], since: datetime) -> None:
    """It is our turn where the user had the last word in the conversations since then."""
    last = session.exec(
        select(Message)
        .where(
            col(Message.conversation_id).in_(ids),
            col(Message.created_at) > since,
            col(Message.author).in_([Author.USER, Author.AGENT]),
        )
        .order_by(col(Message.id).desc())
        .limit(1)
    ).first()
    if last and last.author is Author.USER:
        waited = ticket.state in (TicketState.PENDING, TicketState.ON_HOLD)
        ticket.state = TicketState.OPEN if waited else ticket.state
        ticket.waiting_since = ticket.waiting_since or last.created_at
