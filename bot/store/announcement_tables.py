"""The tables of announcements: what was said to everybody, and what became of it at each place."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.store.tables import Moment, word_of


class PostState(StrEnum):
    """How an announcement is at one place."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    #: The platform may or may not have its next part; it is never sent again unless the platform says it has not.
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


class Announcement(SQLModel, table=True):
    """A text for everybody, in one or more languages."""

    id: int = Field(default=None, primary_key=True)
    #: Markdown by language; after a correction the corrected one.
    texts: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    #: `bot.store.inbox.KeptFile` as a mapping; null without a picture.
    picture: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    created_by: str
    created_at: datetime = Field(sa_type=Moment)


class Post(SQLModel, table=True):
    """An announcement at one place."""

    __table_args__ = (UniqueConstraint("announcement_id", "channel", "handle", "thread", "language"),)

    id: int = Field(default=None, primary_key=True)
    announcement_id: int = Field(foreign_key="announcement.id")
    channel: str
    account: str
    handle: str
    thread: str = ""
    language: str
    #: Markdown as it stands there; after a correction the corrected one.
    text: str
    state: PostState = Field(default=PostState.QUEUED, sa_type=word_of(PostState))
    #: The platform's ids of the parts it has, in their order.
    platform_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    attempts: int = 0
    due_at: datetime | None = Field(default=None, sa_type=Moment)
    #: Why it failed or is unknown, or what did not work besides.
    error: str | None = None
    updated_at: datetime = Field(sa_type=Moment)
