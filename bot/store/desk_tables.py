"""The tables of the desk's own: who looks at what, and replies kept for many tickets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.store.tables import Moment


class Looking(SQLModel, table=True):
    """An agent who has a ticket open."""

    ticket_id: int = Field(foreign_key="ticket.id", primary_key=True)
    agent: str = Field(primary_key=True)
    seen_at: datetime = Field(sa_type=Moment)
    #: The last stroke in the box for answers.
    writing_at: datetime | None = Field(default=None, sa_type=Moment)


class CannedReply(SQLModel, table=True):
    """What agents say often, in one language. Placeholders: {name}, {ticket}, {agent}, {brand}."""

    __table_args__ = (UniqueConstraint("name", "language"),)

    id: int = Field(default=None, primary_key=True)
    #: What agents find it by.
    name: str
    language: str
    #: Markdown.
    text: str
    written_by: str
    updated_at: datetime = Field(sa_type=Moment)
