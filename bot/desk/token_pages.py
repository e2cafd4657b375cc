"""Tokens, which open the API: for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from bot.access.gate import gate_of
from bot.access.guard import Admin
from bot.access.names import LONGEST, name_of
from bot.access.scopes import NoScope, Scope
from bot.conversation import now
from bot.desk.access_words import told
from bot.desk.showing import shown
from bot.desk.texts import Words
from bot.errors import Refused
from bot.store import tokens
from bot.store.agent_tables import Agent
from bot.store.rows import LARGEST_ID

TOKENS = "/desk/tokens"

pages = APIRouter(prefix=TOKENS, include_in_schema=False)

Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Scopes = Annotated[list[Scope], Form()]


@pages.get("")
async def list_tokens(request: Request, admin: Admin) -> Response:
    return await _page(request, admin)


@pages.post("")
async def create(
    request: Request,
    admin: Admin,
    scope: Scopes = [],  # noqa: B006 - FastAPI copies it
    *,
    agent: Annotated[str, Form()] = "",
    everything: Annotated[bool, Form()] = False,
) -> Response:
    try:
        name = name_of(agent)
        if bool(scope) == everything:
            raise NoScope("choose scopes, or that there is no limit")
        token = await gate_of(request).database.run(tokens.create, name, now(), scope, admin.name)
    except Refused as error:
        return await _page(request, admin, error=error, typed=agent[:LONGEST], chosen=scope)
    return await _page(request, admin, token=token, of=name)


@pages.post("/{token_id}/revoke")
async def revoke(request: Request, admin: Admin, token_id: Id) -> Response:
    await gate_of(request).database.run(tokens.revoke, token_id, now(), admin.name)
    return RedirectResponse(TOKENS, 303)


async def _page(
    request: Request,
    admin: Agent,
    *,
    error: Refused | None = None,
    token: str = "",
    of: str = "",
    typed: str = "",
    chosen: list[Scope] | None = None,
) -> Response:
    # Newest first, and those in use before all others.
    known = (await gate_of(request).database.run(tokens.all_tokens))[::-1]
    return shown(
        request,
        admin,
        "access/tokens.html",
        422 if error else 200,
        tokens=sorted(known, key=lambda one: one.revoked_at is not None),
        scopes=[scope.value for scope in Scope],
        wrong=told(error, 422, Words(admin.language)) if error else "",
        token=token,
        of=of,
        typed=typed,
        chosen=[scope.value for scope in chosen or []],
    )
