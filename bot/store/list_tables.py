"""The table of the lists that agents keep."""

from __future__ import annotations

from sqlmodel import Field, SQLModel


class SavedView(SQLModel, table=True):
    """A list under a name."""

    id: int = Field(default=None, primary_key=True)
    #: Whose it is, an agent's name; empty for everybody's.
    owner: str = Field(default="", index=True)
    title: str
    #: In the words of `bot.store.filters`.
    query: str
    #: Lower ones stand first.
    position: int = 0
