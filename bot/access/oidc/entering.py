"""From whom a provider vouches for to a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.access.gate import Gate
from bot.access.names import BadName, name_of
from bot.access.oidc.errors import NotAnAgent
from bot.access.oidc.identity import Identity
from bot.access.signing_in import Signed
from bot.errors import Refused
from bot.store import agents, audit, sessions
from bot.store.agent_tables import Agent, Role
from bot.store.audit import NOBODY
from bot.store.database import Session
from bot.store.sessions import Caller

OVER = "openid"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Whether somebody who is no agent becomes one, and what the desk is shown in then."""

    welcome: bool
    language: str


async def enter(gate: Gate, identity: Identity, newcomer: Newcomer, caller: Caller, now: datetime) -> Signed:
    """A session of the agent with the identity's address. Raises `NotAnAgent`."""
    signed = await gate.database.run(_begin, identity, newcomer, gate, caller, now)
    if signed is None:
        raise NotAnAgent("nobody at the desk has this e-mail address")
    return signed


async def note_failure(gate: Gate, error: Refused, caller: Caller, now: datetime) -> None:
    """Writes into the audit trail that somebody did not get in, and the kind of `error`."""
    await gate.database.run(_failed, type(error).__name__, caller, now)


def _failed(session: Session, reason: str, caller: Caller, now: datetime) -> None:
    audit.note(session, NOBODY, "sign-in failed", "", now, address=caller.address, over=OVER, reason=reason)


def _begin(
    session: Session, identity: Identity, newcomer: Newcomer, gate: Gate, caller: Caller, now: datetime
) -> Signed | None:
    agent = agents.by_email(session, identity.email)
    if agent is None and newcomer.welcome:
        agent = _created(session, identity, newcomer.language, now)
    if agent is None:
        return None
    sessions.clear(session, gate.lifetime, now)
    pending = agent.totp is not None and not identity.factor
    token = sessions.begin(session, agent.id, caller, now, pending=pending, vouched=identity.factor)
    if not pending:
        audit.note(session, agent.name, "signed in", agent.name, now, address=caller.address, over=OVER)
    return Signed(token, pending)


def _created(session: Session, identity: Identity, language: str, now: datetime) -> Agent:
    """Raises `NotAnAgent` where the name was somebody else's, or they were removed: an admin decided that."""
    if agents.was_removed(session, identity.email):
        raise NotAnAgent("they were removed; an admin may invite them again")
    try:
        name = name_of(identity.name or identity.email.partition("@")[0])
        agent = agents.add(session, name, identity.email, Role.AGENT, now, language)
    except (BadName, agents.NameTaken) as error:
        raise NotAnAgent("their name cannot be an agent's; an admin may invite them under another") from error
    audit.note(session, agent.name, "agent created", agent.name, now, over=OVER)
    return agent
