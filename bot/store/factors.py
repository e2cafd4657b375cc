"""Agents' second factors: set up, used, taken away. A code works once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from bot.errors import NotFound
from bot.store import audit, sessions
from bot.store.access_tables import DeskSession, RecoveryCode
from bot.store.agent_tables import Agent


def offer(session: Session, session_id: int, secret: str) -> str:
    """The secret that is being set up in this session: `secret`, unless there is one already."""
    row = session.get_one(DeskSession, session_id)
    row.offered = row.offered or secret
    return row.offered


def enable(session: Session, session_id: int, step: int, codes: Sequence[str], now: datetime) -> str:
    """Turns on what the session was offered, its first code used; returns the session's new token.

    `codes` are digests of recovery codes. All other sessions of the agent end. Raises `NotFound` without an offer.
    """
    row = session.get_one(DeskSession, session_id)
    agent = _locked(session, row.agent_id)
    if row.offered is None:
        raise NotFound("no second factor is being set up")
    agent.totp, agent.totp_step, row.offered = row.offered, step, None
    _replace(session, agent.id, codes)
    sessions.end_all(session, agent.id, row.id)
    token = sessions.renew(row)
    audit.note(session, agent.name, "second factor on", agent.name, now)
    return token


def use_step(session: Session, agent_id: int, step: int) -> bool:
    """Whether the code of this half minute, or of a later one, was not used before; now it is."""
    agent = _locked(session, agent_id)
    fresh = step > agent.totp_step
    if fresh:
        agent.totp_step = step
    return fresh


def use_recovery(session: Session, agent_id: int, digest: str, now: datetime) -> bool:
    """Whether it is an unused recovery code of the agent; now it is used, and the trail says so."""
    agent = _locked(session, agent_id)
    mine = select(RecoveryCode).where(RecoveryCode.agent_id == agent_id, RecoveryCode.digest == digest)
    row = session.exec(mine.where(col(RecoveryCode.used_at).is_(None))).first()
    if row is None:
        return False
    row.used_at = now
    audit.note(session, agent.name, "recovery code used", agent.name, now)
    return True


def renew_codes(session: Session, agent_id: int, codes: Sequence[str], now: datetime) -> None:
    """Other recovery codes, by digest, in place of all before."""
    _replace(session, agent_id, codes)
    agent = session.get_one(Agent, agent_id)
    audit.note(session, agent.name, "recovery codes renewed", agent.name, now)


def left(session: Session, agent_id: int) -> int:
    """How many recovery codes can still be used."""
    mine = select(func.count()).where(RecoveryCode.agent_id == agent_id, col(RecoveryCode.used_at).is_(None))
    return session.exec(mine).one()


def disable(session: Session, session_id: int, now: datetime) -> str:
    """Takes the second factor of the session's agent away; returns the session's new token. Other sessions end."""
    row = session.get_one(DeskSession, session_id)
    agent = _locked(session, row.agent_id)
    agent.totp = None
    _replace(session, agent.id, ())
    sessions.end_all(session, agent.id, row.id)
    token = sessions.renew(row)
    audit.note(session, agent.name, "second factor off", agent.name, now)
    return token


def _locked(session: Session, agent_id: int) -> Agent:
    """Two who use the same code at once come one after the other."""
    return session.exec(
        select(Agent).where(Agent.id == agent_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def _replace(session: Session, agent_id: int, codes: Sequence[str]) -> None:
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.agent_id) == agent_id))
    session.add_all(RecoveryCode(agent_id=agent_id, digest=digest) for digest in codes)
