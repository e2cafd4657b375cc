"""Who works at the desk, and what a ticket carries for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

MOMENT = sa.DateTime(timezone=True)
CLOCKS = (
    "waiting_since",
    "first_response_due_at",
    "next_response_due_at",
    "resolution_due_at",
    "due_at",
    "breached_at",
)


def upgrade() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False, unique=True),
        sa.Column("email", sa.String(), nullable=False, unique=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("password", sa.String()),
        sa.Column("totp", sa.String()),
        sa.Column("teams", sa.JSON(), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("presence", sa.String(16), nullable=False),
        sa.Column("presence_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT),
    )
    op.add_column("token", sa.Column("scopes", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("ticket", sa.Column("tier", sa.String(), nullable=False, server_default=""))
    op.add_column("ticket", sa.Column("team", sa.String(), nullable=False, server_default=""))
    op.add_column("ticket", sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("ticket", sa.Column("sla", sa.String(), nullable=False, server_default=""))
    op.add_column("ticket", sa.Column("merged_into_id", sa.Integer()))
    for clock in CLOCKS:
        op.add_column("ticket", sa.Column(clock, MOMENT))
    op.add_column("ticketevent", sa.Column("previous", sa.String(), nullable=False, server_default=""))
    op.add_column("ticketevent", sa.Column("digest", sa.String(), nullable=False, server_default=""))
