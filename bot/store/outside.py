"""What is to be told outside of a ticket, written down with the line of the timeline that says it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bot.store.tables import Ticket, TicketEvent
from bot.store.webhook_tables import WebhookDelivery, WebhookEndpoint

#: What is told of a ticket, in the API's words. The facts of the person stay inside: who needs them asks the API.
FIELDS = ("number", "title", "category", "priority", "state", "assignee", "language", "reason")
MOMENTS = ("promised_at", "created_at", "updated_at", "first_response_at", "solved_at")

#: What a line of the timeline keeps to itself: the text of a note is for agents.
INSIDE = frozenset({"text"})

# Built once: every line of every timeline asks.
ENDPOINTS_TOLD = (
    select(WebhookEndpoint.id, WebhookEndpoint.kinds)
    .where(WebhookEndpoint.enabled, col(WebhookEndpoint.removed_at).is_(None))
    .order_by(col(WebhookEndpoint.id))
)


def announce_outside(session: Session, ticket: Ticket, event: TicketEvent) -> None:
    """Every endpoint that wants to know of the line is to be told, in the transaction that writes it."""
    kind = f"ticket.{event.kind}"
    told = session.connection().execute(ENDPOINTS_TOLD).all()
    for endpoint_id, kinds in told:
        if not kinds or kind in kinds:
            queue(session, endpoint_id, _body(kind, ticket, event), event.at, ticket.id)


def queue(
    session: Session, endpoint_id: int, body: Mapping[str, Any], now: datetime, ticket_id: int | None = None
) -> WebhookDelivery:
    """Something to tell an endpoint, with a key of its own."""
    delivery = WebhookDelivery(
        key=f"msg_{secrets.token_hex(16)}",
        endpoint_id=endpoint_id,
        ticket_id=ticket_id,
        body=dict(body),
        due_at=now,
        created_at=now,
    )
    session.add(delivery)
    return delivery


def _body(kind: str, ticket: Ticket, event: TicketEvent) -> dict[str, Any]:
    moments = {name: getattr(ticket, name) for name in MOMENTS}
    told = {name: value.isoformat() if value else None for name, value in moments.items()}
    line = {
        "at": event.at.isoformat(),
        "actor": event.actor,
        "kind": event.kind,
        "detail": {name: value for name, value in event.detail.items() if name not in INSIDE},
    }
    fields = {name: getattr(ticket, name) for name in FIELDS}
    return {"type": kind, "at": line["at"], "data": {"ticket": {**fields, **told}, "event": line}}
