"""What the platforms themselves say of the configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bot.config_file import ConfigFile
from bot.errors import Problem
from channels.base import Channel

#: Seconds a platform has for a login.
PATIENCE = 30.0


async def connection_problems(channels: Mapping[str, Channel], file: ConfigFile) -> list[Problem]:
    """Logs in to every channel, all at once; what each says is missing, in the order of the configuration."""
    said = await asyncio.gather(*map(_said, channels.values()))
    return [
        Problem(file.line(("channels", name)), f"channels.{name}", reason, "then run frontdesk check --connect again")
        for name, reasons in zip(channels, said, strict=True)
        for reason in reasons
    ]


async def _said(channel: Channel) -> list[str]:
    try:
        async with asyncio.timeout(PATIENCE):
            return list(await channel.connect())
    except TimeoutError:
        return [f"no answer within {PATIENCE:.0f} s"]
