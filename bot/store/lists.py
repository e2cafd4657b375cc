"""Lists of tickets: a page at a time, in an order that an index has, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, tuple_
from sqlalchemy import select as select_row
from sqlmodel import Session, col, func, select

from bot.store import cursor
from bot.store.filters import Filter, Order
from bot.store.list_tables import SINCE, URGENCY
from bot.store.selecting import clauses, looked_up, order_of
from bot.store.tables import (
    Address,
    Contact,
    Conversation,
    Message,
    MessageState,
    Ticket,
    TicketConversation,
    TicketState,
)
from channels.words import Author

#: Tickets on a page at most.
LONGEST_PAGE = 200

#: More are not counted.
MOST_COUNTED = 1000

#: Characters of the last message.
SNIPPET = 120

#: Nobody outside has seen these.
UNSAID = (MessageState.WITHHELD, MessageState.NOTE)

#: What an order goes by, and what kind each is; the id last, so that no two tickets stand at one place.
KEYS: Mapping[Order, tuple[tuple[Any, type], ...]] = {
    Order.URGENCY: ((URGENCY, int), (SINCE, datetime), (col(Ticket.id), int)),
    Order.DUE: ((col(Ticket.due_at), datetime), (col(Ticket.id), int)),
    Order.NEWEST: ((col(Ticket.updated_at), datetime), (col(Ticket.id), int)),
}


@dataclass(frozen=True, slots=True)
class Item:
    """A ticket as a list shows it, with the conversation that was begun last."""

    id: int
    number: str
    title: str
    category: str
    priority: str
    state: TicketState
    assignee: str | None
    team: str
    tier: str
    tags: Sequence[str]
    language: str
    waiting_since: datetime | None
    due_at: datetime | None
    breached_at: datetime | None
    created_at: datetime
    updated_at: datetime
    channel: str = ""
    contact: str = ""
    #: The beginning of the last message, and who wrote it.
    said: str = ""
    author: Author | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Tickets in their order; `next` is the cursor of the page behind, None on the last."""

    items: Sequence[Item]
    next: str | None


@dataclass(frozen=True, slots=True)
class _About:
    """The conversation a list shows of a ticket."""

    channel: str
    contact: str
    message_id: int | None


def list_page(session: Session, wanted: Filter, after: str | None, limit: int, now: datetime) -> Page:
    """Up to `limit` tickets behind the cursor `after`; the filter's text is not looked at. Raises `Refused`."""
    wanted = looked_up(session, wanted)
    keys = KEYS[order_of(wanted)]
    limit = max(1, min(limit, LONGEST_PAGE))
    query = _ordered(wanted, now).limit(limit + 1)
    if after:
        query = query.where(_behind(order_of(wanted), cursor.decode(after, *(kind for _, kind in keys))))
    rows = session.execute(query).all()
    shown = rows[:limit]
    found = items(session, [row[-1] for row in shown])
    return Page(found, cursor.encode(*shown[-1]) if len(rows) > limit else None)


def counts(session: Session, wanted: Mapping[str, Filter], now: datetime) -> dict[str, int]:
    """How many tickets each has, by the same names; `MOST_COUNTED` where it is that many or more."""
    return {name: _count(session, looked_up(session, each), now) for name, each in wanted.items()}


def items(session: Session, ids: Sequence[int]) -> list[Item]:
    """Those of the tickets `ids` that are there, in this order."""
    columns = [getattr(Ticket, name) for name in Item.__dataclass_fields__ if name in Ticket.model_fields]
    tickets = {row.id: row for row in session.execute(select_row(*columns).where(col(Ticket.id).in_(ids)))}
    about = _about(session, ids)
    said = _said(session, [each.message_id for each in about.values() if each.message_id])
    return [_item(tickets[number], about.get(number), said) for number in ids if number in tickets]


def _ordered(wanted: Filter, now: datetime) -> Select[Any]:
    order = order_of(wanted)
    columns = [column for column, _ in KEYS[order]]
    by = [column.desc() for column in columns] if order is Order.NEWEST else columns
    return select_row(*columns).where(*clauses(wanted, now)).select_from(Ticket).order_by(*by)


def _behind(order: Order, place: Sequence[object]) -> ColumnElement[bool]:
    columns = [column for column, _ in KEYS[order]]
    here = tuple_(*(literal(value, column.type) for value, column in zip(place, columns, strict=True)))
    return tuple_(*columns) < here if order is Order.NEWEST else tuple_(*columns) > here


def _count(session: Session, wanted: Filter, now: datetime) -> int:
    some = select_row(literal(1)).select_from(Ticket).where(*clauses(wanted, now)).limit(MOST_COUNTED).subquery()
    return session.exec(select(func.count()).select_from(some)).one()


def _about(session: Session, ids: Sequence[int]) -> dict[int, _About]:
    last = (
        select(Message.id)
        .where(Message.conversation_id == Conversation.id, col(Message.state).not_in(UNSAID))
        .order_by(col(Message.id).desc())
        .limit(1)
        .correlate(Conversation)
        .scalar_subquery()
    )
    name = func.coalesce(func.nullif(Contact.name, ""), func.nullif(Address.name, ""), Address.handle)
    rows = session.execute(
        select_row(col(TicketConversation.ticket_id), col(Conversation.channel), name, last)
        .join(Conversation, col(TicketConversation.conversation_id) == Conversation.id)
        .join(Address, col(Conversation.address_id) == Address.id)
        .join(Contact, col(Address.contact_id) == Contact.id)
        .where(col(TicketConversation.ticket_id).in_(ids))
        .order_by(col(TicketConversation.conversation_id))
    )
    return {ticket: _About(channel, contact, message) for ticket, channel, contact, message in rows}


def _said(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, Author]]:
    columns = col(Message.id), func.substr(Message.text, 1, SNIPPET), col(Message.author)
    rows = session.execute(select_row(*columns).where(col(Message.id).in_(ids)))
    return {number: (text, author) for number, text, author in rows}


def _item(ticket: Any, about: _About | None, said: Mapping[int, tuple[str, Author]]) -> Item:
    plain = dict(ticket._mapping)  # noqa: SLF001 - SQLAlchemy's own name for it
    if about is None:
        return Item(**plain)
    text, author = said.get(about.message_id or 0, ("", None))
    return Item(**plain, channel=about.channel, contact=about.contact, said=text, author=author)
