"""Calls over REST."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from bot.access.scopes import Scope, needs_scope
from bot.api import PREFIX
from bot.callbacks import numbers
from bot.callbacks.calls import LONGEST_NOTE, Calls, Outcome
from bot.conversation import now
from bot.store.call_backs import AHEAD, Listed
from bot.store.call_tables import CallState

Reader = Annotated[str, Depends(needs_scope(Scope.TICKETS_READ))]
Writer = Annotated[str, Depends(needs_scope(Scope.TICKETS_WRITE))]


class CallOut(BaseModel):
    """A call with what the one who calls must know. `zone` is the time zone of the user, as they were told."""

    id: int
    ticket: str
    title: str
    priority: str
    tier: str
    number: str
    account: str
    problem: str
    language: str
    zone: str
    state: CallState
    slot_at: datetime
    due_at: datetime
    agent: str | None
    started_at: datetime | None
    attempts: int
    outcome: str
    note: str
    created_at: datetime


class OutcomeIn(BaseModel):
    """What became of a call. A call that nobody has begun can only be cancelled."""

    outcome: Outcome
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""


def calls_router(calls: Calls) -> APIRouter:
    """The routes under `/api/calls`."""
    api = APIRouter(prefix=f"{PREFIX}/calls", tags=["calls"])

    @api.get("")
    async def list_calls(
        agent: Reader,
        state: Annotated[list[CallState] | None, Query()] = None,
        which: Literal["all", "due", "mine"] = "all",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[CallOut]:
        """Calls ahead, or those in the states named, soonest first; of those ahead all, the due, or your own."""
        if which == "due":
            return [out(listed) for listed in await calls.due(now())]
        if which == "mine":
            return [out(listed) for listed in await calls.mine(agent)]
        return [out(listed) for listed in await calls.list(state or AHEAD, limit)]

    @api.get("/{call_id}")
    async def show_call(_: Reader, call_id: int) -> CallOut:
        """One call."""
        return out(await calls.show(call_id))

    @api.post("/{call_id}/start")
    async def start_call(agent: Writer, call_id: int) -> CallOut:
        """You call now; nobody else can begin it."""
        return out(await calls.start(call_id, agent))

    @api.post("/{call_id}/outcome")
    async def end_call(agent: Writer, call_id: int, body: OutcomeIn) -> CallOut:
        """What became of it; a call that reached nobody is tried again, or goes on in writing."""
        return out(await calls.outcome(call_id, agent, body.outcome, body.note))

    return api


def out(listed: Listed) -> CallOut:
    """The call in the API's words."""
    call, ticket = listed.call, listed.ticket
    known = {"ticket", "title", "priority", "tier", "number"}
    own = {name: getattr(call, name) for name in CallOut.model_fields if name not in known}
    return CallOut(
        **own,
        ticket=ticket.number,
        title=ticket.title,
        priority=ticket.priority,
        tier=ticket.tier,
        number=numbers.shown(call.number),
    )
