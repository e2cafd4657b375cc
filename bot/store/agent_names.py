"""Who works at the desk, by name."""

from __future__ import annotations

from sqlmodel import Session, col, select

from bot.store.agent_tables import Agent


def agent_names(session: Session) -> frozenset[str]:
    """Names of all who are not removed."""
    return frozenset(session.exec(select(Agent.name).where(col(Agent.removed_at).is_(None))))
