"""The tables of who may: sessions, invites, recovery codes, and the audit trail."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from bot.store.tables import Moment, word_of


class Purpose(StrEnum):
    """What a one-time link is for. `FIRST`: the first admin. `RESET`: a new password."""

    FIRST = "first"
    INVITE = "invite"
    RESET = "reset"


class DeskSession(SQLModel, table=True):
    """An agent signed in, in one browser. Ended is gone."""

    id: int = Field(default=None, primary_key=True)
    agent_id: int = Field(foreign_key="agent.id", index=True)
    #: sha256 of what the cookie holds, hex.
    digest: str = Field(unique=True)
    #: The browser's User-Agent, shortened; with another one the session ends.
    browser: str
    #: Where it was made.
    address: str
    #: The password was right, the code of the second factor is still to come.
    pending: bool = False
    #: Whoever vouched for the agent saw a second factor; ours need not be set up.
    vouched: bool = False
    #: A second factor's secret that is being set up, base32.
    offered: str | None = None
    created_at: datetime = Field(sa_type=Moment)
    #: To the minute.
    seen_at: datetime = Field(sa_type=Moment)


class Invite(SQLModel, table=True):
    """A one-time link to the desk."""

    id: int = Field(default=None, primary_key=True)
    #: sha256 of what the link holds, hex.
    digest: str = Field(unique=True)
    purpose: Purpose = Field(sa_type=word_of(Purpose))
    #: Whom it lets in; None for the first admin, who says so.
    agent_id: int | None = Field(default=None, foreign_key="agent.id", index=True)
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class RecoveryCode(SQLModel, table=True):
    """In place of the second factor, once."""

    id: int = Field(default=None, primary_key=True)
    agent_id: int = Field(foreign_key="agent.id", index=True)
    #: sha256 of the code, hex.
    digest: str
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class AuditLine(SQLModel, table=True):
    """Who did what when. Only ever added: the database itself refuses anything else."""

    __table_args__ = (Index("auditline_of_subject", "subject", "actor", "id"),)

    id: int = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Moment, index=True)
    #: An agent's name, or `OPERATOR`, `NOBODY` or "frontdesk".
    actor: str
    action: str
    #: What it was done to: an agent's name, a ticket's number, a report's name.
    subject: str = ""
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    #: The digest of the line before, and this one's own over it; sha256, hex.
    previous: str = ""
    digest: str
