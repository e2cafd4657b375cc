"""Telling the outside of tickets: written down with the line of the timeline, and kept until it is told.

What is queued is told at least once; the key of a delivery is the same at every try.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, delete, select

from bot.errors import NotFound, Refused
from bot.store.agent_tables import Agent, Role
from bot.store.outside import ENDPOINTS_TOLD
from bot.store.rows import row_of
from bot.store.webhook_tables import DeliveryState, WebhookDelivery, WebhookEndpoint

#: Endpoints at a time: every line of every timeline makes a row for each.
MOST_ENDPOINTS = 20

#: Characters of an answer or a reason that are kept.
LONGEST_ANSWER = 200


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery on its way, with where to and with what it is signed."""

    id: int
    key: str
    endpoint_id: int
    url: str
    salt: str
    body: Mapping[str, Any]
    #: This one included.
    attempts: int


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a try. `error` is empty where the endpoint has it."""

    error: str = ""
    status: int | None = None
    answer: str = ""
    #: The endpoint wants nothing ever again.
    gone: bool = False


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint and how it stands."""

    endpoint: WebhookEndpoint
    queued: int
    failed: int
    last: WebhookDelivery | None


def add(session: Session, url: str, kinds: Sequence[str], agent: str, now: datetime) -> WebhookEndpoint:
    """A new endpoint. Raises `Refused` where there are enough."""
    if len(session.exec(ENDPOINTS_TOLD).all()) >= MOST_ENDPOINTS:
        raise Refused(f"there are {MOST_ENDPOINTS} endpoints already: remove one first")
    endpoint = WebhookEndpoint(url=url, salt=secrets.token_hex(32), kinds=list(kinds), created_by=agent, created_at=now)
    session.add(endpoint)
    session.flush()
    return endpoint


def find(session: Session, endpoint_id: int) -> WebhookEndpoint:
    """Raises `NotFound`, also for one that is removed."""
    found = row_of(session, WebhookEndpoint, endpoint_id)
    if found is None or found.removed_at:
        raise NotFound(f"there is no webhook {endpoint_id}")
    return found


def remove(session: Session, endpoint_id: int, now: datetime) -> None:
    """Nothing more is told there. Raises `NotFound`."""
    find(session, endpoint_id).removed_at = now
    _give_up(session, endpoint_id, "the webhook was removed", now)


def switch(session: Session, endpoint_id: int, now: datetime, *, enabled: bool) -> None:
    """Goes on telling, or stops. Raises `NotFound`."""
    find(session, endpoint_id).enabled = enabled
    if not enabled:
        _give_up(session, endpoint_id, "the webhook was switched off", now)


def views(session: Session) -> list[EndpointView]:
    """All endpoints that are not removed, with how they stand."""
    present = session.exec(
        select(WebhookEndpoint).where(col(WebhookEndpoint.removed_at).is_(None)).order_by(col(WebhookEndpoint.id))
    ).all()
    return [_view(session, endpoint) for endpoint in present]


def deliveries(session: Session, endpoint_id: int, limit: int) -> Sequence[WebhookDelivery]:
    """The newest `limit` of an endpoint, newest first. Raises `NotFound`."""
    find(session, endpoint_id)
    return session.exec(
        select(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint_id)
        .order_by(col(WebhookDelivery.id).desc())
        .limit(limit)
    ).all()


def replay(session: Session, key: str, now: datetime) -> WebhookDelivery:
    """Tells it again, under the same key. Raises `NotFound`; `Refused` where it is still to be told."""
    named = key.isascii() and key.isprintable()
    found = session.exec(select(WebhookDelivery).where(WebhookDelivery.key == key)).first() if named else None
    if found is None:
        raise NotFound("there is no such delivery")
    if not find(session, found.endpoint_id).enabled:
        raise Refused(f"webhook {found.endpoint_id} is switched off")
    if found.state is DeliveryState.QUEUED:
        raise Refused(f"{key} is still to be told: its next try is at {found.due_at:%Y-%m-%d %H:%M:%S} UTC")
    found.state, found.attempts, found.due_at, found.finished_at = DeliveryState.QUEUED, 0, now, None
    return found


def claim(session: Session, busy: Mapping[int, int], at_once: int, now: datetime, lease: timedelta) -> list[Claimed]:
    """What may be told now, oldest first; of one ticket nothing before what came earlier is told or given up.

    `busy` is how many are on their way to each endpoint, of which it gets `at_once`. What is claimed and never
    finished may be claimed again after `lease`.
    """
    found: list[Claimed] = []
    for endpoint in session.exec(
        select(WebhookEndpoint).where(WebhookEndpoint.enabled, col(WebhookEndpoint.removed_at).is_(None))
    ):
        free = at_once - busy.get(endpoint.id, 0)
        if free > 0:
            found += [_claimed(endpoint, row, now + lease) for row in _due(session, endpoint.id, now, free)]
    return found


def claim_one(session: Session, key: str, now: datetime, lease: timedelta) -> Claimed:
    """The delivery, for whoever tells it at once."""
    row = session.exec(select(WebhookDelivery).where(WebhookDelivery.key == key).with_for_update()).one()
    return _claimed(find(session, row.endpoint_id), row, now + lease)


def finish(session: Session, claimed: Claimed, result: Result, again_at: datetime | None, now: datetime) -> None:
    """Writes down what became of a try: told, to be tried at `again_at`, or given up where that is None.

    Changes nothing where somebody else has claimed it since.
    """
    row = session.get_one(WebhookDelivery, claimed.id, with_for_update=True)
    if row.state is not DeliveryState.QUEUED or row.attempts != claimed.attempts:
        return
    row.status, row.answer, row.error = result.status, result.answer[:LONGEST_ANSWER], result.error[:LONGEST_ANSWER]
    if result.error and again_at:
        row.due_at = again_at
    else:
        row.state, row.finished_at = DeliveryState.FAILED if result.error else DeliveryState.SENT, now
    _note_health(session, claimed.endpoint_id, result, now)


def tidy(session: Session, before: datetime, limit: int = 1000) -> int:
    """Forgets what was told or given up and is older than `before`; how many that were."""
    old = (
        select(WebhookDelivery.id)
        .where(col(WebhookDelivery.created_at) < before, WebhookDelivery.state != DeliveryState.QUEUED)
        .limit(limit)
    )
    ids = session.exec(old).all()
    session.exec(delete(WebhookDelivery).where(col(WebhookDelivery.id).in_(ids)))
    return len(ids)


def queued(session: Session) -> int:
    """How many deliveries are yet to be told."""
    query = select(func.count()).select_from(WebhookDelivery).where(WebhookDelivery.state == DeliveryState.QUEUED)
    return session.exec(query).one()


def may_manage(session: Session, agent: str) -> bool:
    """Admins may: whoever adds an endpoint reads along with every ticket."""
    row = session.exec(select(Agent).where(Agent.name == agent, col(Agent.removed_at).is_(None))).first()
    return row is not None and row.role is Role.ADMIN


def _due(session: Session, endpoint_id: int, now: datetime, limit: int) -> Sequence[WebhookDelivery]:
    earlier = aliased(WebhookDelivery)
    blocked = exists().where(
        col(earlier.endpoint_id) == endpoint_id,
        col(earlier.ticket_id) == WebhookDelivery.ticket_id,
        col(earlier.id) < WebhookDelivery.id,
        col(earlier.state) == DeliveryState.QUEUED,
    )
    return session.exec(
        select(WebhookDelivery)
        .where(
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.state == DeliveryState.QUEUED,
            col(WebhookDelivery.due_at) <= now,
            ~blocked,
        )
        .order_by(col(WebhookDelivery.due_at), col(WebhookDelivery.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def _claimed(endpoint: WebhookEndpoint, row: WebhookDelivery, lost_at: datetime) -> Claimed:
    row.attempts, row.due_at = row.attempts + 1, lost_at
    return Claimed(row.id, row.key, endpoint.id, endpoint.url, endpoint.salt, row.body, row.attempts)


def _note_health(session: Session, endpoint_id: int, result: Result, now: datetime) -> None:
    endpoint = session.get_one(WebhookEndpoint, endpoint_id)
    endpoint.failing_since = (endpoint.failing_since or now) if result.error else None
    if result.gone and endpoint.enabled:
        switch(session, endpoint_id, now, enabled=False)


def _give_up(session: Session, endpoint_id: int, reason: str, now: datetime) -> None:
    session.flush()
    session.execute(
        update(WebhookDelivery)
        .where(col(WebhookDelivery.endpoint_id) == endpoint_id, col(WebhookDelivery.state) == DeliveryState.QUEUED)
        .values(state=DeliveryState.FAILED, error=reason, finished_at=now)
    )


def _view(session: Session, endpoint: WebhookEndpoint) -> EndpointView:
    counted = dict(
        session.exec(
            select(WebhookDelivery.state, func.count())
            .where(WebhookDelivery.endpoint_id == endpoint.id)
            .group_by(col(WebhookDelivery.state))
        ).all()
    )
    last = session.exec(
        select(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint.id, col(WebhookDelivery.attempts) > 0)
        .order_by(col(WebhookDelivery.id).desc())
        .limit(1)
    ).first()
    return EndpointView(endpoint, counted.get(DeliveryState.QUEUED, 0), counted.get(DeliveryState.FAILED, 0), last)
