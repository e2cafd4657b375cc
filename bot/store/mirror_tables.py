"""The tables of staff mirrors: how far a ticket is shown in a room, what waits to be posted, what staff said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from bot.store.tables import Moment

#: Said by staff, and not yet told what became of it. Without these very words SQLite reads all there ever was.
IS_UNSETTLED = text("NOT staffsaid.settled")


#: Something may still be posted there. The same holds for these words.
IS_FOLLOWED = text("NOT mirror.done")


class Mirror(SQLModel, table=True):
    """A ticket in the staff room of a channel."""

    __table_args__ = (
        Index(
            "mirror_followed",
            "channel",
            sqlite_where=text("NOT done"),
            postgresql_where=text("NOT done"),
        ),
    )

    ticket_id: int = Field(foreign_key="ticket.id", primary_key=True)
    channel: str = Field(primary_key=True)
    #: The platform's name of the topic; null until there is one.
    thread: str | None = Field(default=None, index=True)
    #: The newest line of the timeline that is written down to be posted; 0 before the brief is.
    event_id: int = 0
    #: How the thread is at the platform.
    closed: bool = False
    #: The ticket is over, all of it was told, and the thread is closed.
    done: bool = False


class MirrorPost(SQLModel, table=True):
    """What is to be posted in a mirror; the row goes once it is there."""

    __table_args__ = (Index("mirrorpost_of_mirror", "channel", "ticket_id", "id"),)

    id: int = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id")
    channel: str
    #: Markdown.
    text: str
    #: Ids of the files that go along.
    files: list[int] = Field(default_factory=list, sa_type=JSON)
    #: `StaffMessage.raw` of what it answers; empty where it answers nothing.
    answering: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    parts: int = 0
    #: A part is on its way: after a crash nobody knows whether it arrived.
    sending: bool = False
    #: The part may be there already, and the platform cannot tell.
    doubtful: bool = False
    #: It stands for one that the platform refused.
    substitute: bool = False
    created_at: datetime = Field(sa_type=Moment)


class StaffSaid(SQLModel, table=True):
    """Something said in a staff room, so that a second delivery of it is nothing new."""

    __table_args__ = (
        UniqueConstraint("channel", "event_id"),
        Index(
            "staffsaid_unsettled",
            "id",
            sqlite_where=text("NOT settled"),
            postgresql_where=text("NOT settled"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    channel: str
    event_id: str
    ticket_id: int = Field(foreign_key="ticket.id")
    #: The line of the timeline that it became, and the message to the person.
    line_id: int | None = Field(default=None, foreign_key="ticketevent.id", index=True)
    message_id: int | None = Field(default=None, foreign_key="message.id", index=True)
    #: `StaffMessage.raw`.
    raw: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    #: The room was told what became of it.
    settled: bool = True
    created_at: datetime = Field(sa_type=Moment)
