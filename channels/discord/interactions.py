"""Buttons pressed and commands given: Discord wants an answer within three seconds, or tells the person it failed."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import structlog
from discord.http import Route

from channels.base import Host
from channels.discord.parse import COMMAND, EPHEMERAL, PRESS, parse
from channels.discord.rest import Broken, Line, Paused
from channels.discord.rooms import Room
from channels.errors import NotStored, Unacceptable
from channels.words import Inbound

log = structlog.get_logger()

#: Seconds in which it must be stored; later the person is told that it failed, and may press again.
IN_TIME = 2.0
#: Seconds a token answers for; Discord's own bound is 15 minutes.
TOKEN_LIVES = 14 * 60
MOST_TOKENS = 10_000
#: Kinds of answers: "is thinking", and "seen, the message stays".
THINK, SEEN = 5, 6


@dataclass(frozen=True, slots=True)
class _Reply:
    """The way to answer one interaction in private. `token` is a secret: it stays in memory."""

    application: str
    token: str
    until: float
    #: Discord knows that there will be one, or there never will.
    settled: asyncio.Event


class Interactions:
    """Takes them, and keeps the way to answer."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._replies: OrderedDict[str, _Reply] = OrderedDict()

    async def reply(self, answering: Mapping[str, Any]) -> Route | None:
        """How to answer an interaction in private; None where that is over, or was never possible."""
        id_ = str(answering.get("id"))
        if id_ in self._replies:
            await self._replies[id_].settled.wait()
        found = self._replies.get(id_)
        if not found or found.until < time.monotonic():
            return None
        path = "/webhooks/{webhook_id}/{webhook_token}"
        return Route("POST", path, webhook_id=found.application, webhook_token=found.token)

    async def take(self, host: Host, payload: Mapping[str, Any], account: str, room: Room) -> None:
        """Stores it, then tells the platform; of what was not stored the person is told that it failed."""
        inbound = parse("INTERACTION_CREATE", payload, account, room)
        if inbound is None:
            return
        settled = asyncio.Event()
        if is_private(payload):
            self._keep(payload, settled)
        try:
            if not (await self._stored(host, inbound) and await self._answer(payload)):
                self._replies.pop(inbound.event_id, None)
        finally:
            settled.set()

    async def _stored(self, host: Host, inbound: Inbound) -> bool:
        try:
            async with asyncio.timeout(IN_TIME):
                await host.deliver(inbound)
        except (NotStored, TimeoutError) as error:
            log.warning("discord_interaction_not_stored", reason=type(error).__name__)
            return False
        except Unacceptable as error:
            log.info("discord_not_taken", code=error.code)
            return False
        return True

    async def _answer(self, payload: Mapping[str, Any]) -> bool:
        kind = THINK if payload["type"] == COMMAND else SEEN
        route = Route("POST", "/interactions/{webhook_id}/{webhook_token}/callback", **_names(payload, "id"))
        body = {"type": kind, "data": {"flags": EPHEMERAL}} if kind == THINK else {"type": kind}
        try:
            async with self._line as http:
                await http.request(route, json=body)
        except (Paused, Broken, discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning("discord_interaction_not_answered", reason=type(error).__name__)
            return False
        return True

    def _keep(self, payload: Mapping[str, Any], settled: asyncio.Event) -> None:
        names = _names(payload, "application_id")
        reply = _Reply(names["webhook_id"], names["webhook_token"], time.monotonic() + TOKEN_LIVES, settled)
        self._replies[str(payload.get("id"))] = reply
        while len(self._replies) > MOST_TOKENS:
            self._replies.popitem(last=False)


def _names(payload: Mapping[str, Any], id_: str) -> dict[str, str]:
    return {"webhook_id": str(payload.get(id_)), "webhook_token": str(payload.get("token"))}


def is_private(payload: Mapping[str, Any]) -> bool:
    """A command, or a button under a message that only the person sees: answered the same way."""
    if payload.get("type") == COMMAND:
        return True
    message = payload.get("message")
    flags = message.get("flags") if isinstance(message, dict) else 0
    return payload.get("type") == PRESS and isinstance(flags, int) and bool(flags & EPHEMERAL)
