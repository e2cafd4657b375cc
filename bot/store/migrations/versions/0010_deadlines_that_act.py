"""When a ticket's clocks are looked at, what was done about them, and whether the promise was kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("ticket", sa.Column("look_at", MOMENT))
    op.add_column("ticket", sa.Column("first_promised_at", MOMENT))
    op.add_column("ticket", sa.Column("promise_kept", sa.Boolean()))
    known = sa.text("look_at IS NOT NULL")
    op.create_index("ticket_look", "ticket", ["look_at"], sqlite_where=known, postgresql_where=known)
    op.create_table(
        "clockact",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("clock", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.UniqueConstraint("ticket_id", "clock", "act", "since"),
    )
    op.create_table(
        "clockrules",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("digest", sa.String(), nullable=False),
    )
