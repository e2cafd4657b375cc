"""What platforms are yet to be told of conversations that are solved, or not any more."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.store.tables import Moment


class Settling(SQLModel, table=True):
    """A conversation whose platform is to show how it stands. Gone once it does; what came last counts."""

    conversation_id: int = Field(primary_key=True, foreign_key="conversation.id")
    solved: bool
    #: Since when it stands so.
    since: datetime = Field(sa_type=Moment)
    tries: int = 0
    due_at: datetime = Field(sa_type=Moment)
