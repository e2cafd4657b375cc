"""What belongs to tickets besides themselves: who was named in a note, which tickets are linked, what was misread."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.store.tables import Moment, word_of


class LinkKind(StrEnum):
    """What one ticket is to another. `RELATED` and `DUPLICATE` hold in both directions."""

    RELATED = "related"
    DUPLICATE = "duplicate"
    FOLLOW_UP = "follow_up"
    CAUSES = "causes"


class TicketLink(SQLModel, table=True):
    """The ticket is a follow-up of the other, say, or causes it."""

    __table_args__ = (UniqueConstraint("ticket_id", "other_id", "kind"),)

    id: int = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id")
    other_id: int = Field(foreign_key="ticket.id", index=True)
    kind: LinkKind = Field(sa_type=word_of(LinkKind))
    #: Who linked them; "bot" for a follow-up.
    agent: str
    created_at: datetime = Field(sa_type=Moment)


#: Those that are still to be read are few among many.
UNSEEN = text("seen_at IS NULL")


class Mention(SQLModel, table=True):
    """An agent was named in a note."""

    __table_args__ = (Index("mention_unseen", "agent", "id", sqlite_where=UNSEEN, postgresql_where=UNSEEN),)

    id: int = Field(default=None, primary_key=True)
    agent: str
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    #: The line of the timeline that is the note.
    event_id: int = Field(foreign_key="ticketevent.id")
    created_at: datetime = Field(sa_type=Moment)
    seen_at: datetime | None = Field(default=None, sa_type=Moment)


class Correction(SQLModel, table=True):
    """What a message means, by an agent who read it: training material."""

    id: int = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="message.id", unique=True)
    #: What the bot had understood; None where it had not.
    intent_before: str | None = None
    intent: str
    agent: str
    at: datetime = Field(sa_type=Moment)
