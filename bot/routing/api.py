"""The queue and who is there, over REST."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from bot.access.scopes import Scope, needs_scope
from bot.api import PREFIX
from bot.conversation import now
from bot.routing.places import Line, Places
from bot.routing.router import Router
from bot.store.agent_tables import Presence
from bot.store.routing import AtDesk

Reader = Annotated[str, Depends(needs_scope(Scope.TICKETS_READ))]
Agent = Annotated[str, Depends(needs_scope(Scope.TICKETS_WRITE))]


class WaitOut(BaseModel):
    """Minutes, from and to."""

    low: int
    high: int


class LineOut(BaseModel):
    """A ticket in the queue."""

    number: str
    title: str
    priority: str
    tier: str
    category: str
    #: Whose queue it waits in; "" for everybody's.
    team: str
    language: str
    waiting_since: datetime
    #: In its team's queue, 1 for who is next.
    position: int
    #: None where nobody knows, or nobody is there.
    wait: WaitOut | None
    #: When people are back; None where they are there.
    back_at: datetime | None


class AgentOut(BaseModel):
    """Somebody who works at the desk."""

    name: str
    presence: Presence
    since: datetime | None
    #: Tickets that wait for them, and how many may.
    load: int
    capacity: int
    teams: list[str]


class QueueOut(BaseModel):
    """Tickets in the order they are served, and agents by name."""

    tickets: list[LineOut]
    agents: list[AgentOut]


class PresenceIn(BaseModel):
    """What an agent chose."""

    presence: Presence


def routes(router: Router, places: Places) -> APIRouter:
    """What the application includes."""
    api = APIRouter(prefix=PREFIX, tags=["queue"])

    @api.get("/queue")
    async def show_queue(_: Reader) -> QueueOut:
        """Who waits and how long they will, and who is there."""
        board = await places.board(now())
        return QueueOut(tickets=[_line(line) for line in board.lines], agents=_agents(board.desk))

    @api.post("/presence")
    async def set_presence(agent: Agent, body: PresenceIn) -> AgentOut:
        """You are there, away or gone. Who goes gives back at once what waits for them; send it again to stay."""
        await router.set_presence(agent, body.presence)
        board = await places.board(now())
        return next(found for found in _agents(board.desk) if found.name == agent)

    return api


def _line(line: Line) -> LineOut:
    ticket, wait = line.ticket, line.expected.wait
    return LineOut(
        number=ticket.number,
        title=ticket.title,
        priority=ticket.priority,
        tier=ticket.tier,
        category=ticket.category,
        team=line.team,
        language=ticket.language,
        waiting_since=ticket.since,
        position=line.expected.position,
        wait=WaitOut(low=wait.low, high=wait.high) if wait else None,
        back_at=line.expected.back_at,
    )


def _agents(desk: Sequence[AtDesk]) -> list[AgentOut]:
    return [
        AgentOut(
            name=found.agent.name,
            presence=found.agent.presence,
            since=found.agent.presence_at,
            load=found.load,
            capacity=found.agent.capacity,
            teams=found.agent.teams,
        )
        for found in desk
    ]
