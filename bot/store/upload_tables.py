"""Files that agents have put up and not sent yet."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.store.tables import Moment


class Upload(SQLModel, table=True):
    """A file for an answer to a ticket; its bytes lie under their sha256 in the files folder."""

    id: int = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id")
    agent: str = Field(index=True)
    name: str
    media_type: str
    #: Bytes.
    size: int
    sha256: str
    created_at: datetime = Field(sa_type=Moment)
