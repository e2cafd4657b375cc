"""Who outside is told of tickets, and what became of telling them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, text
from sqlmodel import Field, SQLModel

from bot.store.tables import Moment, word_of


class DeliveryState(StrEnum):
    """What became of a delivery. `QUEUED`: also while it is on its way."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class WebhookEndpoint(SQLModel, table=True):
    """An address that is told of tickets."""

    id: int = Field(default=None, primary_key=True)
    url: str
    #: Hex. The secret is made of it and of Frontdesk's own key, so the database alone signs nothing.
    salt: str
    #: What it is told, as "ticket.opened"; empty for everything.
    kinds: list[str] = Field(default_factory=list, sa_type=JSON)
    enabled: bool = True
    #: An agent's name.
    created_by: str
    created_at: datetime = Field(sa_type=Moment)
    #: Since when nothing arrives; None while the last try did.
    failing_since: datetime | None = Field(default=None, sa_type=Moment)
    #: From then on it is told nothing, and what waits for it is failed.
    removed_at: datetime | None = Field(default=None, sa_type=Moment)


_QUEUED = text("state = 'queued'")


class WebhookDelivery(SQLModel, table=True):
    """One thing to tell one endpoint."""

    __table_args__ = (
        Index("webhookdelivery_due", "endpoint_id", "due_at", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
        Index(
            "webhookdelivery_order", "endpoint_id", "ticket_id", "id", sqlite_where=_QUEUED, postgresql_where=_QUEUED
        ),
        Index("webhookdelivery_of_endpoint", "endpoint_id", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    #: `webhook-id`: the same for every try, so that the receiver knows what it has.
    key: str = Field(unique=True)
    endpoint_id: int = Field(foreign_key="webhookendpoint.id")
    #: None for a test.
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id")
    #: {type, at, data}.
    body: dict[str, Any] = Field(sa_type=JSON)
    state: DeliveryState = Field(default=DeliveryState.QUEUED, sa_type=word_of(DeliveryState))
    attempts: int = 0
    #: When it may be tried; while a try is on its way, when that counts as lost.
    due_at: datetime = Field(sa_type=Moment)
    #: HTTP status of the last answer, and its first characters.
    status: int | None = None
    answer: str = ""
    #: Why the last try failed.
    error: str = ""
    created_at: datetime = Field(sa_type=Moment, index=True)
    finished_at: datetime | None = Field(default=None, sa_type=Moment)
