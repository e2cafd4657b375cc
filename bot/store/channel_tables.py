"""The tables of what channels read, and of how they are."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from bot.store.tables import Moment, word_of


class Cursor(SQLModel, table=True):
    """Where a channel stopped reading an account."""

    channel: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    value: str


class Hearing(StrEnum):
    """Whether a channel hears its platform."""

    LISTENING = "listening"
    TROUBLE = "trouble"


class ChannelState(SQLModel, table=True):
    """How an account of a channel is, as the Frontdesk that runs it last knew."""

    channel: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    hearing: Hearing = Field(sa_type=word_of(Hearing))
    #: Since when it is as it is.
    since: datetime = Field(sa_type=Moment)
    #: The last trouble, also when it is over.
    error: str | None = None
    error_at: datetime | None = Field(default=None, sa_type=Moment)
    #: The last message from there, and the seconds from when the platform says it was sent to when it was stored.
    heard_at: datetime | None = Field(default=None, sa_type=Moment)
    lag: float | None = None
    written_at: datetime = Field(sa_type=Moment)
