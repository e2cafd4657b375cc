"""How satisfied people were."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.store.tables import Moment


class Rating(SQLModel, table=True):
    """The question how it was, asked once for a ticket or never, and the answer if one came."""

    ticket_id: int = Field(primary_key=True, foreign_key="ticket.id")
    #: Where it was asked.
    conversation_id: int = Field(foreign_key="conversation.id")
    channel: str
    #: Who had the ticket when it was solved.
    agent: str
    #: None where it was decided not to ask.
    asked_at: datetime | None = Field(default=None, sa_type=Moment, index=True)
    #: 1 (very bad) to 5 (very good); None until it is answered.
    score: int | None = None
    comment: str = ""
    #: When the score was given.
    at: datetime | None = Field(default=None, sa_type=Moment, index=True)
