"""Who is signed in, in which browser. Only digests of the cookies are stored."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete
from sqlmodel import Session, col, select

from bot.store import audit
from bot.store.access_tables import DeskSession
from bot.store.agent_tables import Agent

#: Characters of a User-Agent that are kept and compared.
LONGEST_BROWSER = 400

#: How much later a session must be seen to be written down: not every request is worth a wait for the disk.
STEP = timedelta(minutes=1)

#: How long the code of a second factor may take.
PENDING = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from: the browser's User-Agent and the network address."""

    browser: str
    address: str

    @property
    def kept(self) -> str:
        """The browser as it is stored."""
        return self.browser[:LONGEST_BROWSER]


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lasts: without a request, and at most."""

    idle: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody who is signed in."""

    agent: Agent
    session: DeskSession


def digest_of(secret: str) -> str:
    """What is stored of a cookie, a link or a code."""
    return sha256(secret.encode()).hexdigest()


def begin(
    session: Session, agent_id: int, caller: Caller, now: datetime, *, pending: bool = False, vouched: bool = False
) -> str:
    """Signs an agent in, and returns what the cookie is to hold; this is the only time it can be read."""
    token = secrets.token_urlsafe(32)
    session.add(
        DeskSession(
            agent_id=agent_id,
            digest=digest_of(token),
            browser=caller.kept,
            address=caller.address,
            pending=pending,
            vouched=vouched,
            created_at=now,
            seen_at=now,
        )
    )
    return token


def renew(row: DeskSession) -> str:
    """Another token for the same session, at every change of what its agent may; the old one opens nothing more."""
    token = secrets.token_urlsafe(32)
    row.digest = digest_of(token)
    return token


def entry_of(
    session: Session, token: str, caller: Caller, lifetime: Lifetime, now: datetime, *, active: bool = True
) -> Entry | None:
    """Who is signed in with `token`, a sign of life where they are `active`.

    From another browser it was stolen: the session ends, and the trail says so.
    """
    row = _row(session, token)
    if row is None:
        return None
    agent = session.get_one(Agent, row.agent_id)
    if row.browser != caller.kept:
        session.delete(row)
        audit.note(session, agent.name, "session from another browser", agent.name, now, address=caller.address)
        return None
    if agent.removed_at is not None or _over(row, lifetime, now):
        session.delete(row)
        return None
    if active and now - row.seen_at >= STEP:
        row.seen_at = now
    return Entry(agent, row)


def end(session: Session, token: str) -> None:
    """Signs out; a token that is none is no matter."""
    session.exec(delete(DeskSession).where(col(DeskSession.digest) == digest_of(token)))


def end_one(session: Session, agent_id: int, session_id: int) -> None:
    """Signs the agent out of one of their own sessions."""
    mine = (col(DeskSession.agent_id) == agent_id, col(DeskSession.id) == session_id)
    session.exec(delete(DeskSession).where(*mine))


def end_all(session: Session, agent_id: int, but: int | None = None) -> None:
    """Signs the agent out everywhere, `but` in one session where it is given."""
    gone = delete(DeskSession).where(col(DeskSession.agent_id) == agent_id)
    session.exec(gone if but is None else gone.where(col(DeskSession.id) != but))


def of_agent(session: Session, agent_id: int) -> Sequence[DeskSession]:
    """Where the agent is signed in, newest first."""
    mine = select(DeskSession).where(DeskSession.agent_id == agent_id, col(DeskSession.pending).is_(False))
    return session.exec(mine.order_by(col(DeskSession.id).desc())).all()


def clear(session: Session, lifetime: Lifetime, now: datetime) -> None:
    """Forgets what is over: nobody may ever come back with it."""
    seen, made = col(DeskSession.seen_at), col(DeskSession.created_at)
    session.exec(delete(DeskSession).where((seen < now - lifetime.idle) | (made < now - lifetime.longest)))


def _row(session: Session, token: str) -> DeskSession | None:
    return session.exec(select(DeskSession).where(DeskSession.digest == digest_of(token))).first()


def _over(row: DeskSession, lifetime: Lifetime, now: datetime) -> bool:
    longest = PENDING if row.pending else lifetime.longest
    return now - row.seen_at >= lifetime.idle or now - row.created_at >= longest
