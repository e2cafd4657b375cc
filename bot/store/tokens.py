"""Agents' keys to the API. Only a digest is stored, so a stolen database opens nothing."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlmodel import Session, col, select

from bot.errors import NotFound
from bot.store.agent_tables import Token


def create(session: Session, agent: str, now: datetime) -> str:
    """A new token of `agent`; this is the only time it can be read."""
    token = f"fd_{secrets.token_urlsafe(32)}"
    session.add(Token(agent=agent, digest=_digest(token), created_at=now))
    return token


def agent_of(session: Session, token: str) -> str | None:
    """Whose token it is; None for one that never was or was revoked."""
    row = session.exec(select(Token).where(Token.digest == _digest(token), col(Token.revoked_at).is_(None))).first()
    return row.agent if row else None


def all_tokens(session: Session) -> Sequence[Token]:
    """Every token there ever was, oldest first."""
    return session.exec(select(Token).order_by(col(Token.id))).all()


def revoke(session: Session, token_id: int, now: datetime) -> str:
    """Ends a token and says whose it was. Raises `NotFound`."""
    row = session.get(Token, token_id)
    if row is None:
        raise NotFound(f"there is no token {token_id}")
    row.revoked_at = row.revoked_at or now
    return row.agent


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
