"""From a password, and a code where there is a second factor, to a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.access.factor import digest_of_code, step_of
from bot.access.gate import Gate
from bot.errors import NotFound, Refused
from bot.store import agents, audit, factors, sessions
from bot.store.access_tables import DeskSession
from bot.store.agent_tables import Agent
from bot.store.audit import NOBODY
from bot.store.database import Session
from bot.store.sessions import Caller, Entry


class WrongPassword(Refused):
    """Not the password of who is signed in, or after too many tries."""


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


async def second_step(gate: Gate, entry: Entry, typed: str, caller: Caller, now: datetime) -> str | None:
    """A session in place of the pending one, where `typed` is a code of the agent's app or paper; else None."""
    agent = entry.agent
    if not gate.tries.take(caller.address, f"code of {agent.name}"):
        return None
    if not await code_used(gate, agent, typed, now):
        await gate.database.run(_failed, agent.name, caller, now)
        return None
    gate.tries.forgive(caller.address, f"code of {agent.name}")
    return await gate.database.run(_complete, entry.session.id, caller, now)


async def code_used(gate: Gate, agent: Agent, typed: str, now: datetime) -> bool:
    """Whether `typed` is a code of the agent's that was not used before; now it is."""
    step = step_of(agent.totp, typed, now, agent.totp_step) if agent.totp else None
    if step is not None:
        return await gate.database.run(factors.use_step, agent.id, step)
    return await gate.database.run(factors.use_recovery, agent.id, digest_of_code(typed), now)


async def check_password(gate: Gate, agent: Agent, password: str, caller: Caller, now: datetime) -> None:
    """Raises `WrongPassword` where who is signed in does not know the password, asked before what matters."""
    if not gate.tries.take(caller.address, agent.email):
        raise WrongPassword("too many tries")
    if not await gate.passwords.matches(agent.password, password):
        await gate.database.run(_failed, agent.name, caller, now)
        raise WrongPassword("this is not the password")
    gate.tries.forgive(caller.address, agent.email)


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
    signed = Signed(sessions.begin(session, found.id, caller, now, pending=pending), pending)
    if not pending:
        audit.note(session, found.name, "signed in", found.name, now, address=caller.address)
    return signed


def _complete(session: Session, session_id: int, caller: Caller, now: datetime) -> str:
    pending = session.get(DeskSession, session_id)
    if pending is None:
        raise NotFound("sign in again")
    agent = session.get_one(Agent, pending.agent_id)
    session.delete(pending)
    token = sessions.begin(session, agent.id, caller, now)
    audit.note(session, agent.name, "signed in", agent.name, now, address=caller.address)
    return token
