"""The page of canned replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from bot.access.guard import SignedIn
from bot.conversation import now
from bot.desk.parts import Parts
from bot.desk.showing import shown
from bot.errors import Refused
from bot.store import phrases
from bot.store.agent_tables import Agent

HERE = "/desk/phrases"

Typed = Annotated[str, Form(max_length=phrases.LONGEST_TEXT)]


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form."""

    name: str = ""
    language: str = ""
    text: str = ""


def routes(parts: Parts) -> APIRouter:
    """Listed, written and removed by any agent."""
    page = APIRouter(prefix=HERE, include_in_schema=False)

    async def listed(request: Request, agent: Agent, draft: Draft, trouble: str = "") -> Response:
        replies = await parts.database.run(phrases.all_replies)
        values = {"replies": replies, "languages": parts.settings.languages, "draft": draft, "trouble": trouble}
        return shown(request, agent, "phrases/list.html", 409 if trouble else 200, **values)

    @page.get("")
    async def show(request: Request, agent: SignedIn, change: Annotated[int, Query()] = 0) -> Response:
        replies = await parts.database.run(phrases.all_replies)
        chosen = next((each for each in replies if each.id == change), None)
        draft = Draft(chosen.name, chosen.language, chosen.text) if chosen else Draft(language=agent.language)
        return await listed(request, agent, draft)

    @page.post("")
    async def keep(request: Request, agent: SignedIn, name: Typed, language: Typed, text: Typed) -> Response:
        if language not in parts.settings.languages:
            raise HTTPException(422, f"{language!a} is none of the languages that are configured")
        try:
            await parts.database.run(phrases.keep, name, language, text, agent.name, now())
        except Refused as error:
            return await listed(request, agent, Draft(name, language, text), str(error))
        return RedirectResponse(HERE, 303)

    @page.post("/{reply_id}/remove")
    async def remove(_: SignedIn, reply_id: int) -> Response:
        await parts.database.run(phrases.drop, reply_id)
        return RedirectResponse(HERE, 303)

    return page
