"""The order of lists in indexes, views that are kept, and the search with what tells it of changes.

What is there already is only written down as due here, and indexed beside the running Frontdesk: a million messages
take minutes, in which nobody would be answered.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

URGENCY = (
    "CASE WHEN tier = '' THEN 4 ELSE 0 END"
    " + CASE priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END"
)
#: What the order of lists goes by, made by the database so that nobody who changes a ticket has to think of it. A list
#: has one value of some of these: an index that begins with them holds it in its order, on every database.
MADE = (
    ("urgency", sa.Integer(), URGENCY),
    ("since", sa.DateTime(timezone=True), "coalesce(waiting_since, created_at)"),
    ("holder", sa.String(), "coalesce(assignee, '')"),
    ("active", sa.Integer(), "CASE WHEN state IN ('solved', 'closed') THEN 0 ELSE 1 END"),
    ("waits", sa.Integer(), "CASE WHEN state IN ('new', 'open') THEN 1 ELSE 0 END"),
)
BY_URGENCY = ("urgency", "since", "id")
INDEXES = {
    "ticket_active": ("active", *BY_URGENCY),
    "ticket_held": ("active", "holder", *BY_URGENCY),
    "ticket_waits": ("waits", *BY_URGENCY),
    "ticket_waits_held": ("waits", "holder", *BY_URGENCY),
    "ticket_in_state": ("state", *BY_URGENCY),
    "ticket_due": ("active", "due_at", "id"),
    "ticket_over": ("active", "updated_at", "id"),
    "ticket_changed": ("updated_at", "id"),
}

#: What is due when, on which table: {row} is the row after the change, or before where it is gone.
WATCHED = (
    ("message", "text", "SELECT 'message', {row}.id"),
    ("ticketevent", "detail", "SELECT 'note', {row}.id WHERE {row}.kind = 'note'"),
    ("ticket", "number, title, facts", "SELECT 'ticket', {row}.id"),
    ("address", "handle, name, contact_id", "SELECT 'address', {row}.id"),
    ("contact", "name", "SELECT 'address', id FROM address WHERE contact_id = {row}.id"),
)
LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ADD = "INSERT INTO searchdue (kind, source_id)"


def upgrade() -> None:
    embedded = op.get_bind().dialect.name == "sqlite"
    _create_tables()
    _order_tickets(embedded=embedded)
    if embedded:
        op.execute("CREATE VIRTUAL TABLE searchterms USING fts5(terms, tokenize='ascii', columnsize=0)")
        _watch_sqlite()
    else:
        op.execute("ALTER TABLE searchentry ADD COLUMN terms tsvector NOT NULL")
        op.execute("CREATE INDEX searchentry_terms ON searchentry USING gin (terms)")
        _watch_postgres()
    for said in (
        "SELECT 'address', id FROM address ORDER BY id",
        "SELECT 'ticket', id FROM ticket ORDER BY id",
        "SELECT 'note', id FROM ticketevent WHERE kind = 'note' ORDER BY id",
        "SELECT 'message', id FROM message ORDER BY id",
    ):
        op.execute(f"{ADD} {said}")


def _create_tables() -> None:
    op.create_table(
        "savedview",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("owner", sa.String(), nullable=False, index=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
    )
    op.create_table(
        "searchentry",
        sa.Column("id", LONG, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("about_id", sa.Integer(), nullable=False),
        sa.UniqueConstraint("kind", "source_id"),
    )
    op.create_table(
        "searchdue",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
    )


def _order_tickets(*, embedded: bool) -> None:
    for name, kind, made in MADE:
        # SQLite can only add what is worked out at reading; an index keeps it all the same.
        op.add_column("ticket", sa.Column(name, kind, sa.Computed(made, persisted=not embedded)))
    for index, columns in INDEXES.items():
        op.create_index(index, "ticket", list(columns))


def _watch_sqlite() -> None:
    for table, columns, due in WATCHED:
        for name, when, row in (
            ("added", "INSERT", "NEW"),
            ("changed", f"UPDATE OF {columns}", "NEW"),
            ("removed", "DELETE", "OLD"),
        ):
            op.execute(
                f"CREATE TRIGGER search_{table}_{name} AFTER {when} ON {table} BEGIN {ADD} {due.format(row=row)}; END"
            )


def _watch_postgres() -> None:
    for table, columns, due in WATCHED:
        op.execute(
            f"CREATE FUNCTION search_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF TG_OP = 'DELETE' THEN {ADD} {due.format(row='OLD')};"
            f" ELSE {ADD} {due.format(row='NEW')}; END IF; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER search_{table} AFTER INSERT OR DELETE OR UPDATE OF {columns} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION search_{table}()"
        )
