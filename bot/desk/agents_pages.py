"""Who works at the desk: for admins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from bot.access.gate import gate_of
from bot.access.guard import Admin
from bot.access.names import email_of, name_of, words_of
from bot.conversation import now
from bot.desk.access_words import told
from bot.desk.showing import shown
from bot.desk.texts import Words
from bot.errors import NotFound, Refused
from bot.store import agents, invites
from bot.store.agent_tables import Agent, Role
from bot.store.rows import LARGEST_ID

AGENTS = "/desk/agents"

#: Tickets an agent can be given at a time.
MOST = 100

pages = APIRouter(prefix=AGENTS, include_in_schema=False)

Typed = Annotated[str, Form()]
Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Count = Annotated[int, Form(ge=0, le=MOST)]


@pages.get("")
async def list_agents(request: Request, admin: Admin) -> Response:
    return await _page(request, admin)


@pages.post("")
async def invite(
    request: Request, admin: Admin, name: Typed = "", email: Typed = "", role: Annotated[Role, Form()] = Role.AGENT
) -> Response:
    try:
        who = name_of(name), email_of(email)
        token = await gate_of(request).database.run(invites.invite, *who, role, admin.name, now())
    except Refused as error:
        return await _page(request, admin, error, typed={"name": name[:60], "email": email[:254], "role": role.value})
    return await _page(request, admin, link=_link(request, token), of=who[0])


@pages.get("/{agent_id}")
async def show_agent(request: Request, admin: Admin, agent_id: Id) -> Response:
    return _one(request, admin, await gate_of(request).database.run(agents.at, agent_id))


@pages.post("/{agent_id}")
async def change(
    request: Request,
    admin: Admin,
    agent_id: Id,
    role: Annotated[Role, Form()],
    capacity: Count,
    teams: Typed = "",
    skills: Typed = "",
    languages: Typed = "",
) -> Response:
    database = gate_of(request).database
    wanted = {
        "role": role,
        "capacity": capacity,
        "teams": words_of(teams),
        "skills": words_of(skills),
        "languages": words_of(languages.lower()),
    }
    try:
        await database.run(agents.change, (await database.run(agents.at, agent_id)).name, wanted, admin.name, now())
    except NotFound:
        raise
    except Refused as error:
        return _one(request, admin, await database.run(agents.at, agent_id), error)
    return RedirectResponse(AGENTS, 303)


@pages.post("/{agent_id}/reset")
async def reset(request: Request, admin: Admin, agent_id: Id) -> Response:
    database = gate_of(request).database
    name = (await database.run(agents.at, agent_id)).name
    token = await database.run(invites.reset, name, admin.name, now())
    return await _page(request, admin, link=_link(request, token), of=name)


@pages.post("/{agent_id}/remove")
async def remove(request: Request, admin: Admin, agent_id: Id) -> Response:
    database = gate_of(request).database
    try:
        await database.run(agents.remove, (await database.run(agents.at, agent_id)).name, admin.name, now())
    except NotFound:
        raise
    except Refused as error:
        return await _page(request, admin, error)
    return RedirectResponse(AGENTS, 303)


def _link(request: Request, token: str) -> str:
    """To be handed to the agent; nobody can read it again."""
    base = gate_of(request).public_url or str(request.base_url).rstrip("/")
    return f"{base}/desk/invite/{token}"


async def _page(
    request: Request,
    admin: Agent,
    error: Refused | None = None,
    *,
    link: str = "",
    of: str = "",
    typed: Mapping[str, Any] | None = None,
) -> Response:
    words = Words(admin.language)
    return shown(
        request,
        admin,
        "access/agents.html",
        422 if error else 200,
        agents=await gate_of(request).database.run(agents.all_agents),
        roles=[role.value for role in Role],
        wrong=told(error, 422, words) if error else "",
        link=link,
        of=of,
        typed=typed or {"name": "", "email": "", "role": Role.AGENT.value},
    )


def _one(request: Request, admin: Agent, agent: Agent, error: Refused | None = None) -> Response:
    wrong = told(error, 422, Words(admin.language)) if error else ""
    roles = [role.value for role in Role]
    values = {"one": agent, "roles": roles, "most": MOST, "wrong": wrong}
    return shown(request, admin, "access/agent.html", 422 if error else 200, **values)
