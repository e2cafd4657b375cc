"""The gateway: the library keeps the line, heartbeats and resumes; what is said on it is read by us.

The library's own parsers would end the client with the first payload they do not know.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import discord

from channels.discord.rest import Http
from channels.discord.settings import DiscordSettings

#: What is listened to.
EVENTS = (
    "READY",
    "RESUMED",
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
    "INTERACTION_CREATE",
    "GUILD_CREATE",
    "THREAD_CREATE",
    "THREAD_UPDATE",
    "CHANNEL_CREATE",
)


class Gateway(discord.Client):
    """One line, until it breaks for good: `start(token, reconnect=False)`. `hear` must not raise."""

    def __init__(self, settings: DiscordSettings, hear: Callable[[str, Mapping[str, Any]], None]) -> None:
        wanted = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True)
        flags = discord.MemberCacheFlags.none()
        super().__init__(intents=wanted, max_messages=None, member_cache_flags=flags, chunk_guilds_at_startup=False)
        self._wanted, self._hear = wanted, hear
        # The library has no public way to hand it a client of ours, or to go without its parsers.
        self.http = self._connection.http = Http(settings)
        self._connection.parsers = {event: partial(self._heard, event) for event in EVENTS}

    async def setup_hook(self) -> None:
        """Without the permission to read all messages, asking for it would close the line; direct ones come anyway."""
        self._wanted.message_content = may_read(self.application_flags)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        if not initial:
            await asyncio.sleep(random.uniform(1, 5))  # noqa: S311 - Discord asks for it after a session is lost

    def _heard(self, event: str, payload: object) -> None:
        if isinstance(payload, dict):
            self._hear(event, payload)


def may_read(flags: discord.ApplicationFlags) -> bool:
    """Whether messages in guilds that do not mention the bot can be read."""
    return flags.gateway_message_content or flags.gateway_message_content_limited
