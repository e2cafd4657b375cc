"""Who gave a sign of life when, and was given a ticket when."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.store.agent_tables import Presence
from bot.store.tables import Moment, word_of


class Attendance(SQLModel, table=True):
    """What lies behind `Agent.presence`."""

    agent_id: int = Field(primary_key=True, foreign_key="agent.id")
    #: What they chose; shown as away or offline where they give no sign of life.
    chosen: Presence = Field(default=Presence.ONLINE, sa_type=word_of(Presence))
    seen_at: datetime = Field(sa_type=Moment)
    #: When they were given a ticket last.
    given_at: datetime | None = Field(default=None, sa_type=Moment)
