"""The commands people find when they type a slash, in English and in Chinese."""

from __future__ import annotations

from typing import Any

import aiohttp
import discord
import structlog

from channels.discord.rest import Broken, Line, Paused

log = structlog.get_logger()

TEXT = 3


def _localised(name: str, english: str, chinese: str, **more: Any) -> dict[str, Any]:
    both = {"zh-CN": chinese, "zh-TW": chinese}
    return {"name": name, "description": english, "description_localizations": both, **more}


def _command(name: str, english: str, chinese: str, **more: Any) -> dict[str, Any]:
    """In guilds and in the bot's own direct chats, not between two other people."""
    return _localised(name, english, chinese, contexts=[0, 1], integration_types=[0], **more)


def _option(name: str, chinese: str, option: dict[str, Any]) -> dict[str, Any]:
    return option | {"name": name, "name_localizations": {"zh-CN": chinese, "zh-TW": chinese}, "type": TEXT}


COMMANDS: list[dict[str, Any]] = [
    _command(
        "ask",
        "Ask a question; only you see the answer",
        "提问，只有你能看到回答",
        name_localizations={"zh-CN": "提问", "zh-TW": "提問"},
        options=[_option("question", "问题", _localised("", "What you want to know", "你想知道什么", required=True))],
    ),
    _command(
        "ticket",
        "How far your ticket is; only you see the answer",
        "查询工单进度，只有你能看到回答",
        name_localizations={"zh-CN": "工单", "zh-TW": "工單"},
        options=[_option("number", "编号", _localised("", "Its number, as FD-1042", "工单编号，例如 FD-1042"))],
    ),
    _command(
        "human",
        "Talk to a person; only you see the answer",
        "转人工客服，只有你能看到回答",
        name_localizations={"zh-CN": "人工", "zh-TW": "人工"},
    ),
]


async def announced(line: Line) -> None:
    """Tells Discord the commands. They were told before, so that a failure is only worth a line in the log."""
    try:
        async with line as http:
            application = await http.application_info()
            await http.bulk_upsert_global_commands(application["id"], COMMANDS)
    except (Paused, Broken, discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
        log.warning("discord_commands_not_announced", reason=type(error).__name__)
