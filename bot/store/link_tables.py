"""The table of links from a public place to the web chat."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from bot.store.tables import Moment


class PrivateLink(SQLModel, table=True):
    """A link given in a public conversation, for whoever opens it first; only the digest of its token is kept."""

    id: int = Field(default=None, primary_key=True)
    #: sha256 of the token, hex.
    digest: str = Field(unique=True)
    conversation_id: int = Field(foreign_key="conversation.id", index=True)
    #: What the bot remembers when it goes on in private (`bot.dialogue.Dialogue`): nothing that was not said in public.
    dialogue: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    claimed_at: datetime | None = Field(default=None, sa_type=Moment)
    #: The conversation it goes on in.
    private_id: int | None = Field(default=None, foreign_key="conversation.id", index=True)
