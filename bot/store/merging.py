"""Two tickets become one, and one becomes two. What was moved stands in a line on either, for `undoing`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select

from bot.errors import NotFound, Refused
from bot.store.handling import tell
from bot.store.rows import row_of
from bot.store.tables import Conversation, Message, Ticket, TicketConversation, TicketState
from bot.store.ticketing import (
    FIRST_NUMBER,
    Notice,
    add_event,
    change_owner,
    conversations,
    find,
    lock,
    open_tickets,
    refuse_over,
)
from channels.words import Owner

#: Times of which the earlier holds for the ticket that goes on.
SHARED = ("waiting_since", "promised_at")


def merge(
    session: Session, number: str, into: str, agent: str, joined: Callable[[str], Notice], now: datetime
) -> Ticket:
    """The conversations, facts and tags of `number` go to `into`, which it returns; `number` is closed.

    Whoever has `into` answers them all, and who had been told of somebody else is told who `joined`. What is said
    there reaches `into` from here on. Raises `NotFound`, and `Refused` where either is over or they are one.
    """
    source, target = both(session, find(session, number), find(session, into))
    if source.id == target.id:
        raise Refused(f"{source.number} cannot be merged into itself")
    refuse_over(session, source)
    refuse_over(session, target)
    moved, there = conversations(session, source), ids_of(session, target)
    before = {
        "state": source.state.value,
        "waiting_since": _told(source.waiting_since),
        "owners": {str(talk.id): talk.owner.value for talk in moved},
    }
    given = {"conversations": [talk.id for talk in moved if talk.id not in there], **_give(source, target)}
    newest = conversations(session, target)[-1].owner
    leave(session, source, [talk.id for talk in moved])
    join(session, target, given["conversations"])
    close_into(source, target)
    for talk in moved:
        give_to(session, talk, newest if newest is not Owner.BOT else talk.owner)
    if target.assignee and target.assignee != source.assignee:
        tell(session, moved, target.assignee, joined(target.assignee), now)
    add_event(session, source, agent, "merged", now, other=target.number, **before)
    add_event(session, target, agent, "absorbed", now, other=source.number, **given)
    return target


def split(
    session: Session,
    number: str,
    agent: str,
    title: str,
    now: datetime,
    *,
    conversation_id: int | None = None,
    message_id: int | None = None,
) -> Ticket:
    """A new ticket for another matter, with category, priority, facts and agent of this one.

    With `conversation_id` that conversation leaves for the new ticket. With `message_id` the conversation it stands in
    is on both: what the user says next reaches the new one until that is over, then the old one again, as
    `ticketing.ticket_of` has it. Raises `NotFound`, and `Refused` where the ticket is over or would be about nothing.
    """
    found = find(session, number)
    ticket, _ = both(session, found, found)
    refuse_over(session, ticket)
    ids = ids_of(session, ticket)
    if (conversation_id is None) == (message_id is None):
        raise Refused("name either the conversation or the message where the other matter begins")
    if conversation_id is not None:
        moved = _conversation(ticket, ids, conversation_id)
        leave(session, ticket, [moved])
    else:
        moved = _conversation_of(session, ticket, ids, message_id or 0)
    new = _begin(session, ticket, title, now)
    join(session, new, [moved])
    add_event(session, ticket, agent, "split", now, other=new.number, conversation=moved, message=message_id)
    add_event(session, new, agent, "split_off", now, other=ticket.number, conversation=moved, message=message_id)
    return new


def both(session: Session, first: Ticket, second: Ticket) -> tuple[Ticket, Ticket]:
    """The tickets, locked with all their conversations: these first, and each in the order of their ids."""
    lock(session, sorted({first.id, second.id}))
    return first, second


def ids_of(session: Session, ticket: Ticket) -> list[int]:
    """The conversations the ticket is about, oldest first."""
    wanted = select(TicketConversation.conversation_id).where(TicketConversation.ticket_id == ticket.id)
    return sorted(session.exec(wanted))


def leave(session: Session, ticket: Ticket, ids: Collection[int]) -> None:
    """The conversations are the ticket's no more."""
    rows = delete(TicketConversation).where(
        col(TicketConversation.ticket_id) == ticket.id, col(TicketConversation.conversation_id).in_(ids)
    )
    session.execute(rows)


def join(session: Session, ticket: Ticket, ids: Iterable[int]) -> None:
    """The conversations are the ticket's, those that are not already."""
    for conversation_id in sorted(set(ids) - set(ids_of(session, ticket))):
        session.add(TicketConversation(ticket_id=ticket.id, conversation_id=conversation_id))
    session.flush()


def close_into(ticket: Ticket, target: Ticket) -> None:
    """The ticket goes on as `target`."""
    ticket.state, ticket.merged_into_id, ticket.waiting_since = TicketState.CLOSED, target.id, None


def give_to(session: Session, talk: Conversation, owner: Owner) -> None:
    """Whoever has a ticket about the conversation answers it, and `owner` where nobody has one; never an agent then."""
    session.flush()
    if any(ticket.assignee for ticket in open_tickets(session, talk.id)):
        change_owner(talk, Owner.AGENT)
    else:
        change_owner(talk, Owner.QUEUE if owner is Owner.AGENT else owner)


def _give(source: Ticket, target: Ticket) -> dict[str, Any]:
    """What `target` gets of the source's facts, tags and times; as its line keeps it."""
    facts = {name: value for name, value in source.facts.items() if name not in target.facts}
    tags = [tag for tag in source.tags if tag not in target.tags]
    target.facts, target.tags = {**target.facts, **facts}, sorted([*target.tags, *tags])
    times = {}
    for name in SHARED:
        mine = getattr(target, name)
        soonest = min(filter(None, (mine, getattr(source, name))), default=None)
        setattr(target, name, soonest)
        times[name] = [_told(mine), _told(soonest)]
    return {"facts": facts, "tags": tags, **times}


def _told(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _conversation(ticket: Ticket, ids: Sequence[int], conversation_id: int) -> int:
    if conversation_id not in ids:
        raise NotFound(f"{ticket.number} has no conversation {conversation_id}")
    if len(ids) == 1:
        raise Refused(f"{ticket.number} has no other conversation: name the message where the other matter begins")
    return conversation_id


def _conversation_of(session: Session, ticket: Ticket, ids: Sequence[int], message_id: int) -> int:
    found = row_of(session, Message, message_id)
    if found is None or found.conversation_id not in ids:
        raise NotFound(f"{ticket.number} has no message {message_id}")
    return found.conversation_id


def _begin(session: Session, ticket: Ticket, title: str, now: datetime) -> Ticket:
    copied = ("category", "priority", "assignee", "language", "reason", "facts", "tier", "team", "promised_at", "sla")
    new = Ticket(
        # Unique until the id is known.
        number=f"new-{ticket.number}",
        title=title,
        state=TicketState.OPEN if ticket.assignee else TicketState.NEW,
        waiting_since=now,
        created_at=now,
        updated_at=now,
        **{name: getattr(ticket, name) for name in copied},
    )
    session.add(new)
    session.flush()
    new.number = f"{ticket.number.partition('-')[0]}-{FIRST_NUMBER + new.id}"
    return new
