"""The tables a search reads. The terms are beside them: in the FTS5 table `searchterms`, or PostgreSQL's `terms`."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.store.tables import word_of

#: On SQLite any other kind of key is an index beside the table's own.
_LONG: Any = BigInteger().with_variant(Integer(), "sqlite")


class Source(StrEnum):
    """What can be found, by the table it stands in; of ticket events the notes."""

    MESSAGE = "message"
    NOTE = "note"
    TICKET = "ticket"
    ADDRESS = "address"


class SearchEntry(SQLModel, table=True):
    """Something that can be found. Ids rise with the time it was said: newest first is the order of the index."""

    __table_args__ = (UniqueConstraint("kind", "source_id"),)

    id: int = Field(default=None, primary_key=True, sa_type=_LONG, sa_column_kwargs={"autoincrement": False})
    kind: Source = Field(sa_type=word_of(Source))
    source_id: int
    #: Of a message its conversation, of a note or ticket the ticket, of an address itself.
    about_id: int


class SearchDue(SQLModel, table=True):
    """Something that was written, changed or removed and is yet to be indexed; triggers add it, whoever wrote."""

    id: int = Field(default=None, primary_key=True)
    kind: Source = Field(sa_type=word_of(Source))
    source_id: int
