"""What admins do with webhooks, from wherever they do it: the command line, the API."""

from __future__ import annotations

import re
from collections.abc import Sequence

import structlog

from bot.conversation import now
from bot.errors import Refused
from bot.store import webhooks
from bot.store.database import Database
from bot.store.webhook_tables import WebhookDelivery, WebhookEndpoint
from bot.store.webhooks import EndpointView, Result
from bot.webhooks.sender import Sender
from bot.webhooks.signing import secret
from bot.webhooks.target import checked

log = structlog.get_logger()

KIND = re.compile(r"ticket\.[a-z_]{1,40}")

#: Kinds an endpoint may name.
MOST_KINDS = 50


class Webhooks:
    """Methods raise `NotFound`, `Refused` or `StorageDown`. `key` is Frontdesk's own secret."""

    def __init__(self, database: Database, key: bytes, sender: Sender, *, allow_private: bool) -> None:
        self._database = database
        self._key = key
        self._sender = sender
        self._allow_private = allow_private

    async def add(self, url: str, kinds: Sequence[str], agent: str) -> tuple[WebhookEndpoint, str]:
        """A new endpoint, told the `kinds` ("ticket.opened") or everything, and the secret its receiver checks with."""
        strange = [kind for kind in kinds if not KIND.fullmatch(kind)]
        if strange or len(kinds) > MOST_KINDS:
            raise Refused(f"kinds are named like ticket.opened, at most {MOST_KINDS} of them")
        allowed = checked(url.strip(), allow_private=self._allow_private)
        endpoint = await self._database.run(webhooks.add, allowed, list(dict.fromkeys(kinds)), agent, now())
        log.info("webhook_added", webhook=endpoint.id, agent=agent)
        return endpoint, secret(self._key, endpoint.salt)

    async def list(self) -> list[EndpointView]:
        """All endpoints, with how they stand."""
        return await self._database.run(webhooks.views)

    async def remove(self, endpoint_id: int, agent: str) -> None:
        """Tells it nothing more; what waits for it is given up."""
        await self._database.run(webhooks.remove, endpoint_id, now())
        log.info("webhook_removed", webhook=endpoint_id, agent=agent)

    async def switch(self, endpoint_id: int, agent: str, *, enabled: bool) -> None:
        """Goes on telling it, or stops, which gives up what waits."""
        await self._database.run(webhooks.switch, endpoint_id, now(), enabled=enabled)
        log.info("webhook_switched", webhook=endpoint_id, agent=agent, enabled=enabled)

    async def deliveries(self, endpoint_id: int, limit: int = 50) -> Sequence[WebhookDelivery]:
        """The newest of an endpoint, newest first."""
        return await self._database.run(webhooks.deliveries, endpoint_id, limit)

    async def replay(self, key: str, agent: str) -> WebhookDelivery:
        """Has it told again, under the same id."""
        delivery = await self._database.run(webhooks.replay, key, now())
        log.info("webhook_replayed", webhook=delivery.endpoint_id, delivery=key, agent=agent)
        return delivery

    async def test(self, endpoint_id: int) -> Result:
        """Tells it that this is a test, and waits for the answer."""
        return await self._sender.test(endpoint_id)
