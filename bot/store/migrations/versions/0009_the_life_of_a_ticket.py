"""Timelines that nobody can rewrite, links between tickets, mentions, corrections, files to be sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

MOMENT = sa.DateTime(timezone=True)
REFUSAL = "a line of a timeline is never changed or removed"


def upgrade() -> None:
    op.create_table(
        "ticketlink",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("other_id", sa.Integer(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("ticket_id", "other_id", "kind"),
    )
    op.create_index("ix_ticketlink_other_id", "ticketlink", ["other_id"])
    op.create_table(
        "mention",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("event_id", sa.Integer(), sa.ForeignKey("ticketevent.id"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT),
    )
    op.create_index("ix_mention_ticket_id", "mention", ["ticket_id"])
    unseen = sa.text("seen_at IS NULL")
    op.create_index("mention_unseen", "mention", ["agent", "id"], sqlite_where=unseen, postgresql_where=unseen)
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("message_id", sa.Integer(), sa.ForeignKey("message.id"), nullable=False, unique=True),
        sa.Column("intent_before", sa.String()),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_index("ix_upload_agent", "upload", ["agent"])
    op.execute(
        "UPDATE ticket SET waiting_since = CASE state WHEN 'new' THEN created_at ELSE updated_at END"
        " WHERE state IN ('new', 'open')"
    )
    op.create_index("line_of_ticket", "ticketevent", ["ticket_id", "id"])
    op.drop_index("ix_ticketevent_ticket_id", "ticketevent")
    for statement in _ON_SQLITE if op.get_bind().dialect.name == "sqlite" else _ON_POSTGRES:
        op.execute(statement)


_ON_SQLITE = [
    f"CREATE TRIGGER ticketevent_no_{act} BEFORE {act} ON ticketevent BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for act in ("update", "delete")
]
_ON_POSTGRES = [
    f"""
    CREATE FUNCTION refuse_to_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$
    """,
    """
    CREATE TRIGGER ticketevent_no_change BEFORE UPDATE OR DELETE ON ticketevent
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite()
    """,
]
