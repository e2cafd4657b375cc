"""The stream of one page of the desk. That it listens says that the page is open, not that anybody is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from bot.access.guard import SignedIn, entry_now
from bot.conversation import now
from bot.desk.parts import Parts
from bot.desk.rendering import HEADERS
from bot.store import desk

Text = Annotated[str, Query(max_length=4_000)]


def routes(parts: Parts) -> APIRouter:
    """`/desk/live`: server-sent events `queue`, `ticket`, and `over` when the session is."""
    streams = APIRouter(prefix="/desk", include_in_schema=False)

    @streams.get("/live")
    async def live(
        request: Request, agent: SignedIn, ticket: Text = "", event: int = 0, mark: Text = ""
    ) -> EventSourceResponse:
        heard = _told(parts, request, agent.name, ticket, event, mark)
        return EventSourceResponse(heard, headers=HEADERS, ping=3600)

    return streams


async def _told(
    parts: Parts, request: Request, agent: str, number: str, event: int, mark: str
) -> AsyncIterator[ServerSentEvent]:
    began = now()
    try:
        await _there(parts, agent, number)
        async for change in parts.live.changes(number, event, mark):
            if await entry_now(request) is None:
                yield ServerSentEvent(event="over", data="")
                return
            await _there(parts, agent, number)
            yield ServerSentEvent(event=change, data="") if change else ServerSentEvent(comment="")
    finally:
        if number:
            await parts.database.run(desk.leave, number, agent, began)


async def _there(parts: Parts, agent: str, number: str) -> None:
    if number:
        await parts.database.run(desk.look, number, agent, now(), writing=False)
