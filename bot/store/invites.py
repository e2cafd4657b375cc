"""One-time links to the desk. Only their digests are stored."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, select

from bot.errors import NotFound
from bot.store import agents, audit
from bot.store.access_tables import Invite, Purpose
from bot.store.agent_tables import Agent, Role
from bot.store.sessions import digest_of

#: How long a link can be opened.
LASTS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that works, and whom it is for; None for the first admin."""

    purpose: Purpose
    agent: Agent | None


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody put into the page behind a link; name and e-mail count for the first admin alone."""

    name: str
    email: str
    #: Argon2's hash.
    password: str
    language: str


def first(session: Session, now: datetime) -> str | None:
    """The token of a new link for the first admin, in place of any before; None where there is an admin."""
    if agents.has_admin(session):
        return None
    return _make(session, Purpose.FIRST, None, now)


def invite(session: Session, name: str, email: str, role: Role, by: str, now: datetime) -> str:
    """Adds an agent, and returns the token of their link. Raises `NameTaken`, `EmailTaken`."""
    agent = agents.add(session, name, email, role, now)
    token = _make(session, Purpose.INVITE, agent.id, now)
    audit.note(session, by, "agent invited", name, now, role=role.value)
    return token


def reset(session: Session, name: str, by: str, now: datetime) -> str:
    """The token of a link to a new password; the old one, second factor and sessions end now. Raises `NotFound`."""
    agent = agents.named(session, name)
    agents.lock_out(session, agent)
    token = _make(session, Purpose.RESET, agent.id, now)
    audit.note(session, by, "agent reset", name, now)
    return token


def opened(session: Session, token: str, now: datetime) -> Opened:
    """What a link is for. Raises `NotFound` where it is over, was used, or never was."""
    row = _valid(session, token, now)
    return Opened(row.purpose, session.get(Agent, row.agent_id) if row.agent_id else None)


def use(session: Session, token: str, filled: Filled, now: datetime) -> Agent:
    """Sets the password of whom the link is for, who is made here where it is the first admin.

    Raises `NotFound` as `opened` does, and `NameTaken` or `EmailTaken`; the link can be used again then.
    """
    row = _valid(session, token, now)
    if row.agent_id is None:
        agent = agents.add(session, filled.name, filled.email, Role.ADMIN, now)
        audit.note(session, agent.name, "first admin", agent.name, now)
    else:
        agent = session.get_one(Agent, row.agent_id)
    row.used_at = now
    agent.language = filled.language
    agents.set_password(session, agent, filled.password, now)
    return agent


def _make(session: Session, purpose: Purpose, agent_id: int | None, now: datetime) -> str:
    """A link in place of every other for the same person: an older one in somebody's mail opens nothing."""
    same = col(Invite.agent_id).is_(None) if agent_id is None else col(Invite.agent_id) == agent_id
    session.exec(delete(Invite).where(same))
    token = secrets.token_urlsafe(32)
    session.add(
        Invite(digest=digest_of(token), purpose=purpose, agent_id=agent_id, created_at=now, expires_at=now + LASTS)
    )
    return token


def _valid(session: Session, token: str, now: datetime) -> Invite:
    row = session.exec(select(Invite).where(Invite.digest == digest_of(token)).with_for_update()).first()
    if row is None or row.used_at or row.expires_at <= now or _pointless(session, row):
        raise NotFound("this link was used, is too old or was replaced by a newer one: ask for a new one")
    return row


def _pointless(session: Session, row: Invite) -> bool:
    """The first admin is there already, or whom it is for was removed."""
    if row.agent_id is None:
        return agents.has_admin(session)
    return session.get_one(Agent, row.agent_id).removed_at is not None
