"""Webhooks over REST, for admins. The words are those of the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from pydantic import BaseModel, Field

from bot.access.scopes import Scope, needs_scope
from bot.api import PREFIX
from bot.store import webhooks
from bot.store.database import Database
from bot.store.webhook_tables import DeliveryState
from bot.store.webhooks import EndpointView
from bot.webhooks.desk import MOST_KINDS, Webhooks
from bot.webhooks.target import LONGEST_URL


class EndpointIn(BaseModel):
    """Where to tell, and of what: kinds like "ticket.opened", or none for everything."""

    url: Annotated[str, Field(min_length=1, max_length=LONGEST_URL)]
    kinds: Annotated[list[str], Field(max_length=MOST_KINDS)] = []


class SwitchIn(BaseModel):
    """Whether it is told."""

    enabled: bool


class EndpointOut(BaseModel):
    """An endpoint. `failing_since` is set while nothing arrives."""

    id: int
    url: str
    kinds: list[str]
    enabled: bool
    created_by: str
    created_at: datetime
    failing_since: datetime | None


class EndpointMade(EndpointOut):
    """An endpoint with its secret, which is told this once."""

    secret: str


class EndpointDetail(EndpointOut):
    """An endpoint and how it stands: deliveries yet to be told, and given up."""

    queued: int
    failed: int


class DeliveryOut(BaseModel):
    """A delivery; `key` is its `webhook-id`, `answer` the first characters of the endpoint's last answer."""

    key: str
    body: dict[str, Any]
    state: DeliveryState
    attempts: int
    due_at: datetime
    status: int | None
    answer: str
    error: str
    created_at: datetime
    finished_at: datetime | None


class ResultOut(BaseModel):
    """What became of a test; `error` is empty where the endpoint has it."""

    error: str
    status: int | None
    answer: str


Caller = Annotated[str, Depends(needs_scope(Scope.WEBHOOKS_WRITE))]


async def admin(request: Request, agent: Caller) -> str:
    """An agent who may manage webhooks."""
    database: Database = request.app.state.database
    if not await database.run(webhooks.may_manage, agent):
        raise HTTPException(403, "webhooks are for admins")
    return agent


Admin = Annotated[str, Depends(admin)]


def install(app: FastAPI, hooks: Webhooks) -> None:
    """Adds the routes under `/api/webhooks`; `bot.api.install` has bounded them and named the errors."""
    app.include_router(_endpoints(hooks))
    app.include_router(_deliveries(hooks))


def _endpoints(hooks: Webhooks) -> APIRouter:
    api = APIRouter(prefix=f"{PREFIX}/webhooks", tags=["webhooks"])

    @api.get("")
    async def list_webhooks(_: Admin) -> list[EndpointDetail]:
        """Every endpoint and how it stands."""
        return [_detail(view) for view in await hooks.list()]

    @api.post("", status_code=201)
    async def add_webhook(agent: Admin, body: EndpointIn) -> EndpointMade:
        """A new endpoint, and the secret its receiver checks signatures with."""
        endpoint, secret = await hooks.add(body.url, body.kinds, agent)
        return EndpointMade(**EndpointOut.model_validate(endpoint, from_attributes=True).model_dump(), secret=secret)

    @api.patch("/{endpoint_id}", status_code=204)
    async def switch_webhook(agent: Admin, endpoint_id: int, body: SwitchIn) -> None:
        """Goes on telling it, or stops."""
        await hooks.switch(endpoint_id, agent, enabled=body.enabled)

    @api.delete("/{endpoint_id}", status_code=204)
    async def remove_webhook(agent: Admin, endpoint_id: int) -> None:
        """Tells it nothing more."""
        await hooks.remove(endpoint_id, agent)

    return api


def _deliveries(hooks: Webhooks) -> APIRouter:
    api = APIRouter(prefix=f"{PREFIX}/webhooks", tags=["webhooks"])

    @api.get("/{endpoint_id}/deliveries")
    async def list_deliveries(
        _: Admin, endpoint_id: int, limit: Annotated[int, Query(ge=1, le=500)] = 50
    ) -> list[DeliveryOut]:
        """The newest deliveries, newest first."""
        found = await hooks.deliveries(endpoint_id, limit)
        return [DeliveryOut.model_validate(delivery, from_attributes=True) for delivery in found]

    @api.post("/{endpoint_id}/test")
    async def try_webhook(_: Admin, endpoint_id: int) -> ResultOut:
        """Tells it that this is a test, once, and says what it answered."""
        return ResultOut.model_validate(await hooks.test(endpoint_id), from_attributes=True)

    @api.post("/deliveries/{key}/replay")
    async def replay_delivery(agent: Admin, key: str) -> DeliveryOut:
        """Has it told again, under the same id."""
        return DeliveryOut.model_validate(await hooks.replay(key, agent), from_attributes=True)

    return api


def _detail(view: EndpointView) -> EndpointDetail:
    plain = EndpointOut.model_validate(view.endpoint, from_attributes=True)
    return EndpointDetail(**plain.model_dump(), queued=view.queued, failed=view.failed)
