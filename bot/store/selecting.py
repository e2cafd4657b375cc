"""A filter as SQL, in the very words of the indexes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Compiled, column, false, literal, table
from sqlalchemy import select as select_row
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session, col

from bot.store import list_tables
from bot.store.filters import ACTIVE, WAITING, Filter, Late, Order, Span
from bot.store.tables import Conversation, Ticket, TicketConversation, TicketState
from bot.store.ticketing import OVER

#: A deadline that near is soon.
SOON = timedelta(hours=1)

Clause = ColumnElement[bool]

_MENTION = table("mention", column("id"), column("ticket_id"), column("agent"))

#: The newest notes that name somebody; what is older nobody looks for.
MOST_NAMED = 500


class _Values(FunctionElement[Any]):
    """The values of a JSON list as rows."""

    name = "values"
    inherit_cache = True


@compiles(_Values, "sqlite")
def _sqlite_values(element: _Values, compiler: Compiled, **more: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **more)})"


@compiles(_Values, "postgresql")
def _postgres_values(element: _Values, compiler: Compiled, **more: Any) -> str:
    return f"json_array_elements_text({compiler.process(element.clauses, **more)})"


def order_of(wanted: Filter) -> Order:
    """What is asked for; else by deadline where that is what matters, and what is or may be over by its last change."""
    if wanted.order or wanted.late:
        return wanted.order or Order.DUE
    return Order.NEWEST if set(_states(wanted)) & set(OVER) else Order.URGENCY


def looked_up(session: Session, wanted: Filter) -> Filter:
    """`wanted` with the tickets whose notes name who is asked for: few, and found by the name, not ticket by ticket."""
    if not wanted.mentions:
        return wanted
    named = select_row(_MENTION.c.ticket_id).where(_MENTION.c.agent == wanted.mentions)
    newest = named.order_by(_MENTION.c.id.desc()).limit(MOST_NAMED)
    return replace(wanted, among=tuple(sorted(set(session.execute(newest).scalars()))))


def clauses(wanted: Filter, now: datetime) -> list[Clause]:
    """What holds of each ticket that is `wanted`, once it is `looked_up`."""
    return [*_in_states(wanted), *_whose(wanted), *_of_kind(wanted), *_in_time(wanted, now)]


def _states(wanted: Filter) -> tuple[TicketState, ...]:
    return wanted.states or (tuple(TicketState) if wanted.text else ACTIVE)


def _in_states(wanted: Filter) -> Iterator[Clause]:
    """As one value of a column wherever there is one: several would each be read to their end, and then sorted."""
    states = _states(wanted)
    asked = set(states)
    if asked == set(WAITING):
        yield list_tables.WAITS == 1
        return
    if asked <= set(ACTIVE) and (wanted.assignee is not None or asked == set(ACTIVE)):
        yield list_tables.ACTIVE == 1
    if asked == set(OVER):
        yield list_tables.ACTIVE == 0
    if asked not in ({*ACTIVE}, {*OVER}, {*TicketState}):
        yield col(Ticket.state).in_(states) if len(states) > 1 else col(Ticket.state) == states[0]


def _whose(wanted: Filter) -> Iterator[Clause]:
    asked = (list_tables.HOLDER, wanted.assignee), (col(Ticket.team), wanted.team), (col(Ticket.tier), wanted.tier)
    yield from (one == value for one, value in asked if value is not None)
    if wanted.mentions:
        # Of an empty list a database would ask each ticket.
        yield col(Ticket.id).in_(wanted.among) if wanted.among else false()


def _of_kind(wanted: Filter) -> Iterator[Clause]:
    among = (
        (Ticket.category, wanted.categories),
        (Ticket.priority, wanted.priorities),
        (Ticket.language, wanted.languages),
    )
    yield from (col(one).in_(values) for one, values in among if values)
    if wanted.channels:
        yield (
            select_row(literal(1))
            .select_from(TicketConversation)
            .join(Conversation, col(TicketConversation.conversation_id) == Conversation.id)
            .where(col(TicketConversation.ticket_id) == Ticket.id, col(Conversation.channel).in_(wanted.channels))
            .exists()
        )
    for tag in wanted.tags:
        values = _Values(Ticket.tags).table_valued("value")
        yield select_row(literal(1)).select_from(values).where(values.c.value == tag).exists()


def _in_time(wanted: Filter, now: datetime) -> Iterator[Clause]:
    if order_of(wanted) is Order.DUE:
        yield col(Ticket.due_at).is_not(None)
    if wanted.late:
        yield col(Ticket.due_at) < (now if wanted.late is Late.YES else now + SOON)
    yield from _within(Ticket.created_at, wanted.created)
    yield from _within(Ticket.updated_at, wanted.updated)


def _within(moment: datetime, span: Span) -> Iterator[Clause]:
    if span.after:
        yield col(moment) >= span.after
    if span.before:
        yield col(moment) < span.before
