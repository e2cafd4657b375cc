"""What agents set for themselves beside the queue: whether they are there, and views they keep."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from bot.access.guard import SignedIn
from bot.access.roles import may
from bot.conversation import now
from bot.desk.listing import key_of
from bot.desk.parts import Parts
from bot.store import presence, views
from bot.store.agent_tables import Presence, Role

Typed = Annotated[str, Form(max_length=600)]


def routes(parts: Parts) -> APIRouter:
    """Forms of the desk's edges."""
    mine = APIRouter(prefix="/desk", include_in_schema=False)

    @mine.post("/presence")
    async def set_presence(agent: SignedIn, presence_: Annotated[Presence, Form(alias="presence")]) -> dict[str, Any]:
        await parts.database.run(presence.set_presence, agent.name, presence_, now())
        return {}

    @mine.post("/active", status_code=204)
    async def active(agent: SignedIn) -> None:
        """Somebody moves, on a page that is open."""
        await parts.database.run(presence.seen, agent.name, now())

    @mine.post("/views")
    async def keep(agent: SignedIn, title: Typed, query: Typed, shared: Typed = "") -> Response:
        """A search becomes a view; leads make them for everybody."""
        owner = "" if shared and may(agent.role, Role.LEAD) else agent.name
        view = await parts.database.run(views.keep, owner, title, query)
        return RedirectResponse(f"/desk?view={key_of(view)}", 303)

    @mine.post("/views/{view_id}/remove")
    async def drop(agent: SignedIn, view_id: int, shared: Typed = "") -> Response:
        owner = "" if shared and may(agent.role, Role.LEAD) else agent.name
        await parts.database.run(views.drop, owner, view_id)
        return RedirectResponse("/desk", 303)

    return mine
