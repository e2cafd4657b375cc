"""Sessions, invites, recovery codes, and an audit trail that is only added to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

MOMENT = sa.DateTime(timezone=True)

SQLITE_TRIGGER = """
CREATE TRIGGER auditline_no_{word} BEFORE {word} ON auditline
BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END
"""
POSTGRES_FUNCTION = """
CREATE FUNCTION auditline_only_added() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit trail is only added to'; END $$
"""
POSTGRES_TRIGGER = """
CREATE TRIGGER auditline_only_added BEFORE UPDATE OR DELETE ON auditline
FOR EACH ROW EXECUTE FUNCTION auditline_only_added()
"""


def upgrade() -> None:
    op.add_column("agent", sa.Column("totp_step", sa.Integer(), nullable=False, server_default="0"))
    _make_sessions()
    _make_invites()
    _make_audit_trail()


def _make_sessions() -> None:
    op.create_table(
        "desksession",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("agent_id", sa.Integer(), sa.ForeignKey("agent.id"), nullable=False),
        sa.Column("digest", sa.String(), nullable=False, unique=True),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("offered", sa.String()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
    )
    op.create_index("ix_desksession_agent_id", "desksession", ["agent_id"])
    op.create_table(
        "recoverycode",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("agent_id", sa.Integer(), sa.ForeignKey("agent.id"), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("used_at", MOMENT),
    )
    op.create_index("ix_recoverycode_agent_id", "recoverycode", ["agent_id"])


def _make_invites() -> None:
    op.create_table(
        "invite",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("digest", sa.String(), nullable=False, unique=True),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("agent_id", sa.Integer(), sa.ForeignKey("agent.id")),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
    )
    op.create_index("ix_invite_agent_id", "invite", ["agent_id"])


def _make_audit_trail() -> None:
    op.create_table(
        "auditline",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
    )
    op.create_index("ix_auditline_at", "auditline", ["at"])
    op.create_index("auditline_of_subject", "auditline", ["subject", "actor", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for word in ("UPDATE", "DELETE"):
            op.execute(SQLITE_TRIGGER.format(word=word))
    else:
        op.execute(POSTGRES_FUNCTION)
        op.execute(POSTGRES_TRIGGER)
