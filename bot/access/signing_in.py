"""From a password, and a code where there is a second factor, to a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.access.gate import Gate
from bot.store import agents, audit, sessions
from bot.store.agent_tables import Agent
from bot.store.audit import NOBODY
from bot.store.database import Session
from bot.store.sessions import Caller


@dataclass(frozen=True, slots=True)
class Signed:
    """A new session: what the cookie is to hold, and whether a code is asked for before it opens anything."""

    token: str
    pending: bool


async def sign_in(gate: Gate, email: str, password: str, caller: Caller, now: datetime) -> Signed | None:
    """A session where e-mail and password are an agent's; None where not, or after too many tries.

    It takes as long for an agent as for nobody.
    """
    if not gate.tries.take(caller.address, email):
        return None
    agent = await gate.database.run(agents.by_email, email)
    if not await gate.passwords.matches(agent.password if agent else None, password):
        await gate.database.run(_failed, agent.name if agent else "", caller, now)
        return None
    if agent is None:
        return None
    gate.tries.forgive(caller.address, email)
    return await gate.database.run(_begin, agent, gate, caller, now)


def _failed(session: Session, name: str, caller: Caller, now: datetime) -> None:
    """What was typed in place of an e-mail address may be a password: only agents' names are written down."""
    audit.note(session, NOBODY, "sign-in failed", name, now, address=caller.address)


def _begin(session: Session, agent: Agent, gate: Gate, caller: Caller, now: datetime) -> Signed | None:
    found = agents.by_email(session, agent.email)
    if found is None or found.password != agent.password:
        # Removed, or another password, while this one was being checked.
        return None
    sessions.clear(session, gate.lifetime, now)
    pending = found.totp is not None
    if not pending:
        audit.note(session, found.name, "signed in", found.name, now, address=caller.address)
    return Signed(sessions.begin(session, found.id, caller, now, pending=pending), pending)
