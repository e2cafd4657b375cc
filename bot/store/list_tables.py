"""The table of the lists that agents keep, and what a list goes by."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Computed, Index, Integer, String
from sqlmodel import Field, SQLModel

from bot.store.tables import Moment


class SavedView(SQLModel, table=True):
    """A list under a name."""

    id: int = Field(default=None, primary_key=True)
    #: Whose it is, an agent's name; empty for everybody's.
    owner: str = Field(default="", index=True)
    title: str
    #: In the words of `bot.store.filters`.
    query: str
    #: Lower ones stand first.
    position: int = 0


def _made(name: str, kind: Any, of: str) -> Column[Any]:
    """A column of tickets that the database makes of others, so that nobody who changes those has to think of it."""
    column: Column[Any] = Column(name, kind, Computed(of))
    _TICKET.append_column(column)
    return column


_TICKET = SQLModel.metadata.tables["ticket"]

#: 0 for what is most urgent: VIPs before all others, then by priority.
URGENCY = _made(
    "urgency",
    Integer,
    "CASE WHEN tier = '' THEN 4 ELSE 0 END"
    " + CASE priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END",
)
#: Since when the user waits, or has a ticket.
SINCE = _made("since", Moment, "coalesce(waiting_since, created_at)")
#: The assignee, "" for nobody.
HOLDER = _made("holder", String, "coalesce(assignee, '')")
#: 1 where it is not over.
ACTIVE = _made("active", Integer, "CASE WHEN state IN ('solved', 'closed') THEN 0 ELSE 1 END")
#: 1 where it is our turn.
WAITS = _made("waits", Integer, "CASE WHEN state IN ('new', 'open') THEN 1 ELSE 0 END")

# A list has one value of some of these: an index that begins with them holds it in its order, on every database.
_BY_URGENCY = (URGENCY, SINCE, _TICKET.c.id)
Index("ticket_active", ACTIVE, *_BY_URGENCY)
Index("ticket_held", ACTIVE, HOLDER, *_BY_URGENCY)
Index("ticket_waits", WAITS, *_BY_URGENCY)
Index("ticket_waits_held", WAITS, HOLDER, *_BY_URGENCY)
Index("ticket_in_state", _TICKET.c.state, *_BY_URGENCY)
Index("ticket_due", ACTIVE, _TICKET.c.due_at, _TICKET.c.id)
Index("ticket_over", ACTIVE, _TICKET.c.updated_at, _TICKET.c.id)
Index("ticket_changed", _TICKET.c.updated_at, _TICKET.c.id)
