"""What a user adds to a ticket on its page: a message like any other, as if from where the user writes."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from bot.conversation import now
from bot.errors import Refused, StorageDown
from bot.host import ChannelHost
from bot.store import pages
from bot.store.database import Database
from bot.store.pages import Page
from bot.store.ticketing import OVER
from bot.ticket_page.form import Added, Unusable
from channels.errors import NotStored, Unacceptable
from channels.words import Inbound

log = structlog.get_logger()

#: What agents are shown beside it.
BESIDE = {"via": "ticket page"}


class Adding:
    """Through the hosts of the channels, by name."""

    def __init__(self, database: Database, hosts: Mapping[str, ChannelHost]) -> None:
        self._database = database
        self._hosts = hosts

    async def add(self, found: Page, added: Added) -> str:
        """Stores it once, and reopens a solved ticket; the name of what the user is told.

        Raises `Unusable` where it cannot be taken, and `StorageDown`.
        """
        over = found.ticket.state in OVER
        said = bool(added.text or added.files)
        host = self._hosts.get(found.conversation.channel)
        if not said and not over:
            raise Unusable("empty")
        if host is None:
            raise Unusable("refused", added.text)
        event = f"page-{found.conversation.id}-{added.once}"
        if said and await self._database.run(pages.known, found, event):
            return "received"
        await self._to_humans(found, added)
        if said:
            await self._deliver(host, found, added, event)
        log.info("added_on_page", ticket=found.ticket.number, files=len(added.files), reopened=over)
        return "reopened" if over else "received"

    async def _to_humans(self, found: Page, added: Added) -> None:
        try:
            await self._database.run(pages.to_humans, found.ticket.id, found.conversation.id, now())
        except Refused as error:
            raise Unusable("newer" if found.newer else "refused", added.text) from error

    async def _deliver(self, host: ChannelHost, found: Page, added: Added, event: str) -> None:
        raw = await self._database.run(pages.newest_raw, found.conversation.id)
        inbound = Inbound(
            event_id=event, place=found.place, text=added.text, attachments=added.files, beside=BESIDE, raw=raw
        )
        try:
            await host.deliver(inbound)
        except NotStored as error:
            raise StorageDown(str(error)) from error
        except Unacceptable as error:
            log.warning("refused_on_page", ticket=found.ticket.number, reason=error.code)
            raise Unusable("too_large" if added.files else "refused", added.text) from error
