"""What reports read: messages that were said, and tickets, by time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

#: A message comes into it when it is finished, and a report reads nothing besides: so the state stands in it, too,
#: which SQLite would else look up in the table.
SAID = sa.text("state IN ('handled', 'sent', 'delivered', 'read', 'unknown')")


def upgrade() -> None:
    op.create_index(
        "message_said",
        "message",
        ["created_at", "conversation_id", "author", "intent", "finished_at", "state", "id"],
        sqlite_where=SAID,
        postgresql_where=SAID,
    )
    op.create_index("ticket_created", "ticket", ["created_at", "id"])
