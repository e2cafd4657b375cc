"""Signs of life of agents, and the tickets of one agent found without reading all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "attendance",
        sa.Column("agent_id", sa.Integer(), sa.ForeignKey("agent.id"), primary_key=True),
        sa.Column("chosen", sa.String(16), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("given_at", MOMENT),
    )
    # Read every few seconds: what waits for nobody yet, and what waits for somebody who went away.
    op.create_index("ticket_of_assignee", "ticket", ["assignee", "state"])
    # How long the last tickets of a team and a priority waited.
    op.create_index("ticket_answered", "ticket", ["team", "priority", "first_response_at"])
