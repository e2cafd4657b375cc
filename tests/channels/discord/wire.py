"""What goes over the wire: ids, files, answers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

EPOCH = 1_420_070_400_000
TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAx.made-up.for-the-tests"
BOT = {
    "id": "100000000000000001",
    "username": "Frontdesk",
    "discriminator": "0001",
    "global_name": None,
    "avatar": None,
    "bot": True,
    "flags": 0,
}
Json = dict[str, Any]


@dataclass
class File:
    """What was uploaded."""

    id: str
    name: str
    media_type: str
    data: bytes = field(repr=False)


def answer(body: object, status: int = 200, headers: Json | None = None) -> web.Response:
    """As Discord writes it: JSON, and nothing said of its charset."""
    told = {**(headers or {}), "Content-Type": "application/json"}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=told)


def refusal(status: int, code: int, message: str) -> web.Response:
    return answer({"message": message, "code": code}, status=status)


async def never() -> None:
    """Longer than any test."""
    await asyncio.sleep(3600)
