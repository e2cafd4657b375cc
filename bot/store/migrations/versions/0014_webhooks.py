"""Who outside is told of tickets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

MOMENT = sa.DateTime(timezone=True)
QUEUED = sa.text("state = 'queued'")


def upgrade() -> None:
    op.create_table(
        "webhookendpoint",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("failing_since", MOMENT),
        sa.Column("removed_at", MOMENT),
    )
    op.create_table(
        "webhookdelivery",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(), nullable=False, unique=True),
        sa.Column("endpoint_id", sa.Integer(), sa.ForeignKey("webhookendpoint.id"), nullable=False),
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id")),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
    )
    for name, columns in {
        "webhookdelivery_due": ["endpoint_id", "due_at"],
        "webhookdelivery_order": ["endpoint_id", "ticket_id", "id"],
    }.items():
        op.create_index(name, "webhookdelivery", columns, sqlite_where=QUEUED, postgresql_where=QUEUED)
    op.create_index("webhookdelivery_of_endpoint", "webhookdelivery", ["endpoint_id", "id"])
    op.create_index("ix_webhookdelivery_created_at", "webhookdelivery", ["created_at"])
