"""Runs the migrations on the connection that `Database.migrate` hands over."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from bot.store import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
assert tables.Message.__tablename__ in SQLModel.metadata.tables
with context.begin_transaction():
    context.run_migrations()
