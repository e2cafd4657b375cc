"""What a token opens: FastAPI dependencies for whatever stands under /api."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from bot.access.roles import may
from bot.conversation import now
from bot.errors import Refused
from bot.store import audit, tokens
from bot.store.agent_tables import Role
from bot.store.database import Database
from bot.store.tokens import Key

_bearer = HTTPBearer(auto_error=False, description="A token made with `frontdesk tokens create AGENT`")

Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class Scope(StrEnum):
    """What a token can be limited to."""

    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    CONTACTS_WRITE = "contacts:write"
    REPORTS_READ = "reports:read"
    WEBHOOKS_WRITE = "webhooks:write"


class NoScope(Refused):
    """Neither a scope was chosen, nor that there is to be no limit; or both."""


async def known_key(request: Request, credentials: Credentials) -> Key:
    """The key that came along; 401 without one. The application's `state.database` knows it."""
    database: Database = request.app.state.database
    key = await database.run(tokens.key_of, credentials.credentials) if credentials else None
    if key is None:
        raise HTTPException(401, "a valid token is needed: Authorization: Bearer ...", {"WWW-Authenticate": "Bearer"})
    return key


def needs_scope(scope: str, role: Role = Role.AGENT) -> Callable[[Key], Awaitable[str]]:
    """A dependency: the name of the agent whose token has `scope`, or no scopes, which is all.

    403 names the scope that is missing, or `role`, where the token is of an agent of the desk who has less.
    """
    wanted = Scope(scope)

    async def allowed(key: Annotated[Key, Depends(known_key)]) -> str:
        if key.scopes and wanted not in key.scopes:
            raise HTTPException(403, f"this token lacks the scope {wanted.value}")
        if key.role and not may(key.role, role):
            raise HTTPException(403, f"this takes the role {role.value}; {key.agent} has {key.role.value}")
        return key.agent

    return allowed


def opens_ticket(scope: str) -> Callable[[Request, str, str], Awaitable[str]]:
    """`needs_scope` for a route with a ticket's `number`: that the agent saw the ticket stands in the audit trail.

    Raises `NotFound`.
    """
    allowed = needs_scope(scope)

    # Annotations are text that FastAPI looks up in the module, where this dependency is not: so it is a default.
    async def opened(request: Request, number: str, agent: str = Depends(allowed)) -> str:
        database: Database = request.app.state.database
        await database.run(audit.ticket_viewed, agent, number, now(), over="api")
        return agent

    return opened
