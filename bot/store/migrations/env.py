"""Runs the migrations on the connection that `Database.migrate` hands over."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import bot.store.access_tables
import bot.store.agent_tables
import bot.store.announcement_tables
import bot.store.attendance_tables
import bot.store.call_tables
import bot.store.channel_tables
import bot.store.clock_tables
import bot.store.contact_tables
import bot.store.desk_tables
import bot.store.link_tables
import bot.store.list_tables
import bot.store.mirror_tables
import bot.store.page_tables
import bot.store.rating_tables
import bot.store.search_tables
import bot.store.settling_tables
import bot.store.tables
import bot.store.ticketing_tables
import bot.store.upload_tables
import bot.store.webhook_tables  # noqa: F401 - importing them fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
