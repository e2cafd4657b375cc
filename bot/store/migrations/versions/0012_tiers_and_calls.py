"""What the company says of people, and calls to be made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "companyattribute",
        sa.Column("channel", sa.String(), primary_key=True),
        sa.Column("handle", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
    )
    op.create_table(
        "callback",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id"), nullable=False, index=True),
        sa.Column("conversation_id", sa.Integer(), sa.ForeignKey("conversation.id"), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("slot_at", MOMENT, nullable=False),
        sa.Column("seat", sa.Integer()),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("agent", sa.String()),
        sa.Column("started_at", MOMENT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("slot_at", "seat"),
    )
    op.create_index("callback_of_state", "callback", ["state", "due_at"])
