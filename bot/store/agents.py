"""Who works at the desk: invited, changed, removed. Names are never given twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, delete
from sqlmodel import Session, col, func, select

from bot.errors import NotFound, Refused
from bot.store import audit, sessions
from bot.store.access_tables import DeskSession, RecoveryCode
from bot.store.agent_tables import Agent, Role, Token
from bot.store.rows import row_of


class NameTaken(Refused):
    """There is or was an agent of this name; names are never given twice."""


class EmailTaken(Refused):
    """Another agent signs in with this e-mail address."""


class LastAdmin(Refused):
    """Nobody would be left who may do everything; make somebody else an admin first."""


def add(session: Session, name: str, email: str, role: Role, now: datetime, language: str = "en") -> Agent:
    """Somebody new, without a password yet. Raises `NameTaken`, `EmailTaken`."""
    # In here: what a small letter is, databases disagree about.
    if name.casefold() in {other.casefold() for other in session.exec(select(Agent.name))}:
        raise NameTaken(f"there is or was an agent {name}; names are never given twice")
    if by_email(session, email):
        raise EmailTaken(f"another agent signs in with {email}")
    agent = Agent(name=name, email=email, role=role, language=language, created_at=now)
    session.add(agent)
    session.flush()
    return agent


def by_email(session: Session, email: str) -> Agent | None:
    """The agent who signs in with `email`, in any case; None where nobody does or they were removed."""
    wanted = email.strip().lower()
    if not wanted.isprintable():
        # A database may refuse the characters themselves.
        return None
    return session.exec(select(Agent).where(Agent.email == wanted, col(Agent.removed_at).is_(None))).first()


def was_removed(session: Session, email: str) -> bool:
    """Whether somebody who was removed signed in with `email`, in small letters."""
    kept = cast(col(Agent.id), String) + f":{email}"
    return (
        session.exec(select(Agent.id).where(Agent.email == kept, col(Agent.removed_at).is_not(None))).first()
        is not None
    )


def named(session: Session, name: str) -> Agent:
    """The agent of this name, locked for a change. Raises `NotFound`, also for one who was removed."""
    wanted = select(Agent).where(Agent.name == name, col(Agent.removed_at).is_(None)).with_for_update()
    agent = session.exec(wanted).first()
    if agent is None:
        raise NotFound(f"there is no agent {name}")
    return agent


def at(session: Session, agent_id: int) -> Agent:
    """The agent of this id. Raises `NotFound`, also for one who was removed."""
    agent = row_of(session, Agent, agent_id)
    if agent is None or agent.removed_at is not None:
        raise NotFound("there is no such agent")
    return agent


def all_agents(session: Session, *, removed: bool = False) -> Sequence[Agent]:
    """Everybody at work, by name; those who were `removed`, too, where asked for."""
    wanted = select(Agent).order_by(func.lower(Agent.name))
    return session.exec(wanted if removed else wanted.where(col(Agent.removed_at).is_(None))).all()


def has_admin(session: Session) -> bool:
    """Whether anybody can sign in who may do everything."""
    return bool(_admins(session))


def change(session: Session, name: str, wanted: Mapping[str, Any], by: str, now: datetime) -> Agent:
    """Sets what differs of role, teams, skills, languages and capacity; another role ends the agent's sessions.

    Raises `NotFound`, `LastAdmin`.
    """
    admins = _admins(session, locked=True)
    agent = named(session, name)
    differs = {key: value for key, value in wanted.items() if getattr(agent, key) != value}
    if not differs:
        return agent
    if "role" in differs:
        _keep_an_admin(admins, agent)
        sessions.end_all(session, agent.id)
    for key, value in differs.items():
        setattr(agent, key, value)
    session.flush()
    audit.note(session, by, "agent changed", agent.name, now, **differs)
    return agent


def remove(session: Session, name: str, by: str, now: datetime) -> None:
    """From now on they are nobody: sessions, tokens and links end; name and history stay, the e-mail is free again.

    Raises `NotFound`, `LastAdmin`.
    """
    admins = _admins(session, locked=True)
    agent = named(session, name)
    _keep_an_admin(admins, agent)
    agent.removed_at = now
    agent.email = f"{agent.id}:{agent.email}"
    lock_out(session, agent)
    for token in session.exec(select(Token).where(Token.agent == agent.name, col(Token.revoked_at).is_(None))):
        token.revoked_at = now
    audit.note(session, by, "agent removed", agent.name, now)


def set_password(session: Session, agent: Agent, hashed: str, now: datetime) -> None:
    """A new password; every session made with the old one ends."""
    agent.password = hashed
    sessions.end_all(session, agent.id)
    audit.note(session, agent.name, "password set", agent.name, now)


def change_password(session: Session, session_id: int, hashed: str, now: datetime) -> str:
    """A new password for the session's agent; returns the session's new token. Every other session ends."""
    row = session.get_one(DeskSession, session_id)
    agent = session.get_one(Agent, row.agent_id)
    agent.password = hashed
    sessions.end_all(session, agent.id, row.id)
    token = sessions.renew(row)
    audit.note(session, agent.name, "password set", agent.name, now)
    return token


def set_language(session: Session, agent_id: int, language: str) -> None:
    """What the desk is shown in."""
    session.get_one(Agent, agent_id).language = language


def lock_out(session: Session, agent: Agent) -> None:
    """Takes away password, second factor and sessions; a link gives them back."""
    agent.password = agent.totp = None
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.agent_id) == agent.id))
    sessions.end_all(session, agent.id)


def _admins(session: Session, *, locked: bool = False) -> Sequence[int]:
    """Who may do everything, by id; `locked`, so that of two admins who remove each other only one succeeds."""
    wanted = select(Agent).where(
        Agent.role == Role.ADMIN, col(Agent.removed_at).is_(None), col(Agent.password).is_not(None)
    )
    rows = session.exec(wanted.order_by(col(Agent.id)).with_for_update() if locked else wanted)
    return [agent.id for agent in rows]


def _keep_an_admin(admins: Sequence[int], agent: Agent) -> None:
    """Raises `LastAdmin` where `agent` is the only one who may do everything."""
    if list(admins) == [agent.id]:
        raise LastAdmin(f"{agent.name} is the last admin; make somebody else one first")
