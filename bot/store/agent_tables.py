"""The tables of those who work at the desk."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from bot.store.tables import Moment, word_of


class Role(StrEnum):
    """What somebody may do. Each may also do what the one before may, but for `MAINTAINER`, who leads nobody."""

    AGENT = "agent"
    LEAD = "lead"
    MAINTAINER = "maintainer"
    ADMIN = "admin"


class Presence(StrEnum):
    """Whether somebody is given tickets. `AWAY`: keeps what they have for a while, and gets nothing new."""

    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


class Agent(SQLModel, table=True):
    """Somebody who works at the desk."""

    id: int = Field(default=None, primary_key=True)
    #: What users are told, and what tickets and their timelines carry; never given to another.
    name: str = Field(unique=True)
    email: str = Field(unique=True)
    role: Role = Field(default=Role.AGENT, sa_type=word_of(Role))
    #: What the desk is shown in.
    language: str = "en"
    #: Argon2's hash; None until the first link is used.
    password: str | None = None
    #: The secret of the second factor, base32; None where there is none.
    totp: str | None = None
    #: The newest half minute, counted from 1970, whose code was used: each works once.
    totp_step: int = 0
    teams: list[str] = Field(default_factory=list, sa_type=JSON)
    skills: list[str] = Field(default_factory=list, sa_type=JSON)
    #: Languages they answer in; empty for all.
    languages: list[str] = Field(default_factory=list, sa_type=JSON)
    #: Tickets they can have at a time.
    capacity: int = 8
    presence: Presence = Field(default=Presence.OFFLINE, sa_type=word_of(Presence))
    presence_at: datetime | None = Field(default=None, sa_type=Moment)
    created_at: datetime = Field(sa_type=Moment)
    #: From then on they are nobody: no session, no ticket.
    removed_at: datetime | None = Field(default=None, sa_type=Moment)


class Token(SQLModel, table=True):
    """An agent's key to the API; only its digest is kept."""

    id: int = Field(default=None, primary_key=True)
    agent: str
    #: sha256 of the token, hex.
    digest: str = Field(unique=True)
    #: What it opens; empty for everything its agent may.
    scopes: list[str] = Field(default_factory=list, sa_type=JSON)
    created_at: datetime = Field(sa_type=Moment)
    revoked_at: datetime | None = Field(default=None, sa_type=Moment)
