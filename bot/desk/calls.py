"""The page of calls: what was promised, to whom, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from babel.dates import format_datetime
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from bot.access.guard import SignedIn
from bot.callbacks import numbers, slots
from bot.callbacks.booking import Booking, calendar_of
from bot.callbacks.calls import LONGEST_NOTE, Calls, Outcome
from bot.conversation import now
from bot.desk.parts import Parts
from bot.desk.showing import shown
from bot.errors import Refused
from bot.store.agent_tables import Agent
from bot.store.call_backs import Listed
from bot.store.call_tables import CallState

HERE = "/desk/calls"

#: Calls that are over and shown all the same.
OVER, MOST_OVER = (CallState.MISSED, CallState.DONE, CallState.CANCELLED), 50


@dataclass(frozen=True, slots=True)
class Row:
    """A call as the page shows it; `theirs` is its time where the user is."""

    listed: Listed
    number: str
    dial: str
    at: str
    theirs: str
    due: bool
    mine: bool
    #: It is nobody's, or somebody's who has left it.
    free: bool


def routes(parts: Parts) -> APIRouter:
    """Listed, begun and ended by any agent."""
    page = APIRouter(prefix=HERE, include_in_schema=False)
    booking = Booking(parts.database, parts.settings.call_backs, calendar_of(parts.settings))
    calls = Calls(parts.database, parts.content.answers, booking)

    async def listed(request: Request, agent: Agent, trouble: str = "") -> Response:
        ahead = [_row(found, agent, calls.longest, now()) for found in await calls.list(limit=1000)]
        over = [_row(found, agent, calls.longest, now()) for found in await calls.recent(OVER, MOST_OVER)]
        status = 409 if trouble else 200
        return shown(request, agent, "calls/list.html", status, ahead=ahead, over=over, trouble=trouble)

    @page.get("")
    async def show(request: Request, agent: SignedIn) -> Response:
        return await listed(request, agent)

    @page.post("/{call_id}/start")
    async def start(request: Request, agent: SignedIn, call_id: int) -> Response:
        try:
            await calls.start(call_id, agent.name)
        except Refused as error:
            return await listed(request, agent, str(error))
        return RedirectResponse(HERE, 303)

    @page.post("/{call_id}/outcome")
    async def end(
        request: Request,
        agent: SignedIn,
        call_id: int,
        outcome: Annotated[Outcome, Form()],
        note: Annotated[str, Form(max_length=LONGEST_NOTE)] = "",
    ) -> Response:
        try:
            await calls.outcome(call_id, agent.name, outcome, note)
        except Refused as error:
            return await listed(request, agent, str(error))
        return RedirectResponse(HERE, 303)

    return page


def _row(listed: Listed, agent: Agent, longest: timedelta, at: datetime) -> Row:
    call = listed.call
    left = call.started_at is not None and at - call.started_at >= longest
    return Row(
        listed,
        number=numbers.shown(call.number),
        dial=call.number,
        at=format_datetime(call.due_at.astimezone(), "short", locale=agent.language),
        theirs=slots.written(call.due_at, call.zone, agent.language),
        due=call.due_at <= at,
        mine=call.state is CallState.CALLING and call.agent == agent.name,
        free=call.state is CallState.SCHEDULED or left,
    )
