"""Agents' keys to the API. Only a digest is stored, so a stolen database opens nothing."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlmodel import Session, col, select

from bot.errors import NotFound, Refused
from bot.store import audit
from bot.store.agent_tables import Agent, Role, Token
from bot.store.audit import OPERATOR
from bot.store.rows import row_of


@dataclass(frozen=True, slots=True)
class Key:
    """What a token stands for."""

    agent: str
    #: What it opens; empty for everything its agent may.
    scopes: Sequence[str]
    #: None where its agent is none of the desk: a program's own name.
    role: Role | None


def create(session: Session, agent: str, now: datetime, scopes: Sequence[str] = (), by: str = OPERATOR) -> str:
    """A new token of `agent`; this is the only time it can be read. Raises `Refused` where they were removed."""
    known = _agent(session, agent)
    if known and known.removed_at:
        raise Refused(f"{agent} was removed; names are never given twice")
    token = f"fd_{secrets.token_urlsafe(32)}"
    session.add(Token(agent=agent, digest=_digest(token), scopes=list(scopes), created_at=now))
    audit.note(session, by, "token created", agent, now, scopes=list(scopes))
    return token


def key_of(session: Session, token: str) -> Key | None:
    """What a token stands for; None for one that never was or was revoked."""
    row = session.exec(select(Token).where(Token.digest == _digest(token), col(Token.revoked_at).is_(None))).first()
    if row is None:
        return None
    known = _agent(session, row.agent)
    return Key(row.agent, row.scopes, known.role if known else None)


def all_tokens(session: Session) -> Sequence[Token]:
    """Every token there ever was, oldest first."""
    return session.exec(select(Token).order_by(col(Token.id))).all()


def revoke(session: Session, token_id: int, now: datetime, by: str = OPERATOR) -> str:
    """Ends a token and says whose it was. Raises `NotFound`."""
    row = row_of(session, Token, token_id)
    if row is None:
        raise NotFound(f"there is no token {token_id}")
    if row.revoked_at is None:
        row.revoked_at = now
        audit.note(session, by, "token revoked", row.agent, now, token=row.id)
    return row.agent


def _agent(session: Session, name: str) -> Agent | None:
    return session.exec(select(Agent).where(Agent.name == name)).first()


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
