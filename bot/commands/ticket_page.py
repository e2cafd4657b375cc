"""`frontdesk tickets revoke-links`: ends the links to a ticket's page."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, out, plainly
from bot.conversation import now
from bot.store import pages
from bot.store.database import Database


def revoke_links(
    number: Annotated[str, typer.Argument(help="The ticket's number, like FD-1042.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """No link to the ticket's page that was given until now opens anything."""
    with plainly():
        database = Database(configured(config).database.url)
        try:
            database.migrate()
            database.transact(pages.revoke, number, getpass.getuser(), now())
        finally:
            database.close()
    out.print(f"The links to {number} open nothing any more.", markup=False)
