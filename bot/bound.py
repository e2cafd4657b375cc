"""How much a request to the API may carry, before anybody reads it."""

from __future__ import annotations

import re

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.tickets import LONGEST_TEXT

#: Bytes: of the longest text JSON may write each character in twelve (an emoji as two escapes), and some for the rest.
LONGEST_BODY = 12 * LONGEST_TEXT + 1_000

TOO_MUCH = f"more than {LONGEST_BODY} bytes"


#: Where a file is put up: who may do so is asked before a byte is read, and then as many are as a channel carries.
UPLOADS = re.compile(r"/api/tickets/[^/]+/uploads")


class Bounded:
    """ASGI middleware: a body under `prefix` that is or becomes longer than `LONGEST_BODY` is 413, but at `UPLOADS`."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        bounded = scope["type"] == "http" and scope["path"].startswith(self._prefix)
        if not bounded or UPLOADS.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced) > LONGEST_BODY:
            await JSONResponse({"detail": TOO_MUCH}, 413)(scope, receive, send)
            return
        await self._app(scope, _counted(receive), send)


def _counted(receive: Receive) -> Receive:
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LONGEST_BODY:
            raise HTTPException(413, TOO_MUCH)
        return message

    return counted
