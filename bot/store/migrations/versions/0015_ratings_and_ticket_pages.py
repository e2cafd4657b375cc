"""How satisfied people were, and which links to their tickets open nothing any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "rating",
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id"), primary_key=True),
        sa.Column("conversation_id", sa.Integer(), sa.ForeignKey("conversation.id"), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("asked_at", MOMENT),
        sa.Column("score", sa.Integer()),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("at", MOMENT),
    )
    op.create_index("ix_rating_at", "rating", ["at"])
    op.create_index("ix_rating_asked_at", "rating", ["asked_at"])
    op.create_table(
        "ticketpage",
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id"), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_index("ticket_solved_at", "ticket", ["solved_at"])
