"""What the database keeps of the users' own pages: next to nothing, since their links are signed."""

from __future__ import annotations

from sqlmodel import Field, SQLModel


class TicketPage(SQLModel, table=True):
    """Links to the page of this ticket below `version` open nothing any more; without a row it is 0."""

    ticket_id: int = Field(primary_key=True, foreign_key="ticket.id")
    version: int
