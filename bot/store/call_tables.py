"""The table of calls to be made."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.store.tables import Moment, word_of


class CallState(StrEnum):
    """Where a call stands. `MISSED`: nobody called in time, or nobody was reached as often as it is tried."""

    SCHEDULED = "scheduled"
    CALLING = "calling"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"


class CallBack(SQLModel, table=True):
    """A call that a user was promised, with everything the one who calls must know."""

    __table_args__ = (
        UniqueConstraint("slot_at", "seat"),
        Index("callback_of_state", "state", "due_at"),
    )

    id: int = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    #: Where the user booked it, and is told what becomes of it.
    conversation_id: int = Field(foreign_key="conversation.id")
    #: E.164.
    number: str
    account: str = ""
    problem: str = ""
    language: str = "en"
    #: The time zone the user was shown the slot in, by its IANA name.
    zone: str = "UTC"
    state: CallState = Field(default=CallState.SCHEDULED, sa_type=word_of(CallState))
    slot_at: datetime = Field(sa_type=Moment)
    #: Its place among those who call in that slot, from 0; None once it takes none.
    seat: int | None = None
    #: When it is to be made: in its slot, later where nobody was reached.
    due_at: datetime = Field(sa_type=Moment)
    #: Who calls, or called last.
    agent: str | None = None
    #: Since when.
    started_at: datetime | None = Field(default=None, sa_type=Moment)
    attempts: int = 0
    #: reached, missed, wrong_number, cancelled or overdue; "" while none is known.
    outcome: str = ""
    note: str = ""
    created_at: datetime = Field(sa_type=Moment)
