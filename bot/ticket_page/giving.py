"""Gives links to the pages of tickets."""

from __future__ import annotations

from collections.abc import Mapping

from bot import secret
from bot.conversation import now
from bot.settings import Settings
from bot.store import pages
from bot.store.database import Database
from bot.ticket_page.links import Opened, TicketLinks


class Giving:
    """For notices of agents; `types` are those of the channels, by name."""

    def __init__(self, database: Database, links: TicketLinks, types: Mapping[str, str]) -> None:
        self._database = database
        self._links = links
        self._types = types

    async def link(self, number: str) -> str:
        """The link for the ticket's user, as a message is kept with it; "" where none is given.

        Raises `NotFound` and `StorageDown`.
        """
        ticket_id, conversation, version = await self._database.run(pages.newest_place, number)
        type_ = self._types.get(conversation.channel)
        if type_ is None or not self._links.given(type_, public=conversation.public):
            return ""
        return self._links.half(Opened(ticket_id, conversation.id, version), now())


def of(database: Database, settings: Settings) -> Giving:
    """Where only settings are known, at the command line. Raises `StorageDown` where the key cannot be had."""
    key = secret.key(settings.folders.var / "secret.key")
    types = {name: str(section.get("type", name)) for name, section in settings.channels.items()}
    return Giving(database, TicketLinks(key, settings.web.public_url, settings.ticket_page), types)
