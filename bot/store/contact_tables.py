"""The table of what the company says of people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from bot.store.tables import Moment
from channels.vouched import Value


class CompanyAttribute(SQLModel, table=True):
    """One attribute of the person at an address, as the company said it last; kept also before they ever write."""

    channel: str = Field(primary_key=True)
    handle: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    #: JSON's null for one that was taken away, so that an older word does not bring it back.
    value: Value | None = Field(sa_type=JSON, nullable=False)
    #: When the company said so, and by whom it reached us: a token's owner, or what signed it.
    at: datetime = Field(sa_type=Moment)
    source: str
