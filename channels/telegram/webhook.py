"""Telegram calls us: who does not know the secret is refused, and nothing is confirmed that is not on disk.

Telegram hands over the next update of a chat only once the one before is confirmed, so the parts of an album cannot be
waited for: each joins the message that the first of them is.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Sequence

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from telegram.error import TelegramError

from channels.base import Host
from channels.errors import NotStored
from channels.telegram.addressed import Me
from channels.telegram.arrivals import Arrivals
from channels.telegram.client import WANTED, Client, told
from channels.telegram.settings import TelegramSettings

log = structlog.get_logger()

HEADER = "X-Telegram-Bot-Api-Secret-Token"
#: Bytes of an update.
LARGEST = 1_000_000
#: Seconds between two looks at how Telegram fares with us.
EVERY = 60.0


class Webhook:
    """One bot's webhook. It refuses until the bot has logged in."""

    def __init__(self, settings: TelegramSettings, arrivals: Arrivals) -> None:
        self._settings = settings
        self._arrivals = arrivals
        self._client: Client | None = None
        self._host: Host | None = None
        self._me: Me | None = None

    async def begin(self, client: Client, me: Me, host: Host) -> None:
        """Tells Telegram where we are. Raises `TelegramError`."""
        self._client, self._host = client, host
        await self._register()
        self._me = me
        host.listening(me.account)

    async def round(self) -> None:
        """Looks after a while how Telegram fares with us. Raises `TelegramError`."""
        await asyncio.sleep(EVERY)
        if self._client is None or self._host is None:
            return
        info = await self._client.get_webhook_info()
        if info.url != self._settings.webhook_url:
            await self._register()
        elif info.pending_update_count and info.last_error_message:
            self._host.trouble(self._settings.account, f"Telegram cannot deliver: {info.last_error_message}")
        else:
            self._host.listening(self._settings.account)

    def routes(self, host: Host) -> Sequence[BaseRoute]:
        """`POST /webhook`."""

        async def webhook(request: Request) -> Response:
            return Response(status_code=await self._answer(request, host))

        return [Route("/webhook", webhook, methods=["POST"])]

    async def _register(self) -> None:
        secret = self._settings.webhook_secret
        if self._client and secret:
            await self._client.set_webhook(
                self._settings.webhook_url or "", secret_token=secret.get_secret_value(), allowed_updates=WANTED
            )

    async def _answer(self, request: Request, host: Host) -> int:
        """The status that says whether the update is on disk."""
        if not self._genuine(request):
            log.warning("webhook_forged", account=self._settings.account)
            return 403
        body = await _read(request)
        if body is None:
            return 413
        try:
            return await self._stored(json.loads(body), host)
        except (ValueError, RecursionError):
            return 400

    async def _stored(self, update: object, host: Host) -> int:
        if self._me is None:
            return 503
        try:
            await self._arrivals.take([update], self._me, host)
        except NotStored:
            return 503
        except TelegramError as error:
            log.warning("file_not_fetched", account=self._settings.account, reason=told(error))
            return 503
        return 200

    def _genuine(self, request: Request) -> bool:
        secret = self._settings.webhook_secret
        given = request.headers.get(HEADER, "")
        return secret is not None and hmac.compare_digest(given.encode(), secret.get_secret_value().encode())


async def _read(request: Request) -> bytes | None:
    """The body; None where it is larger than any update."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)
