"""What clocks have done, and what they went by."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.store.tables import Moment


class ClockAct(SQLModel, table=True):
    """Something done about a clock of a ticket, which is done once: whoever writes this row first does it."""

    __table_args__ = (UniqueConstraint("ticket_id", "clock", "act", "since"),)

    id: int = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id")
    #: first_response, next_response or resolution.
    clock: str
    #: warned, breached or renewed.
    act: str
    #: Since when the clock ran; every round of the next response is one of its own.
    since: datetime = Field(sa_type=Moment)
    at: datetime = Field(sa_type=Moment)


class ClockRules(SQLModel, table=True):
    """The policies and calendars that open tickets were counted by; one row at most."""

    id: int = Field(default=None, primary_key=True)
    #: `Policies.digest`.
    digest: str
