"""Plain values that tests of X start from."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.store import inbox
from channels.words import Outbound, Place
from tests.channels.house import House
from tests.channels.x.platform import Platform
from tests.channels.x.server import Answered

#: Makes a house around a platform.
Build = Callable[[Platform], House]

ANN = Place(account="9000", handle="1001")


def outbound(text: str = "Hello!", place: Place = ANN, **more: Any) -> Outbound:
    """What the bot says to Ann now."""
    return Outbound(message_id=1, place=place, text=text, created_at=datetime.now(UTC), **more)


def reply(text: str, post: dict[str, Any], **more: Any) -> Outbound:
    """What the bot says in public to a post that mentions us."""
    place = replace(ANN, handle=post["author_id"], thread=post["conversation_id"], public=True)
    return outbound(text, place, answering={"post": post, "referenced": []}, **more)


def answers(*responses: web.Response) -> deque[Answered]:
    """These, one a request."""

    def giving(response: web.Response) -> Answered:
        async def give(_: web.Request) -> web.StreamResponse:
            return response

        return give

    return deque(map(giving, responses))


def cursor(house: House, kind: str) -> str | None:
    """Up to where the channel has read."""
    return house.database.transact(inbox.cursor, "x", f"9000/{kind}")
