"""How much a request may carry, before anybody reads it."""

from __future__ import annotations

import re

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.tickets import LONGEST_TEXT

#: Bytes: of the longest text JSON may write each character in twelve (an emoji as two escapes), and some for the rest.
LONGEST_BODY = 12 * LONGEST_TEXT + 1_000


#: Where a file is put up: who may do so is asked before a byte is read, and then as many are as a channel carries.
UPLOADS = re.compile(r"/api/tickets/[^/]+/uploads")


class Bounded:
    """ASGI middleware: a body under `prefix` that is or becomes longer than `LONGEST_BODY` is 413, but at `UPLOADS`."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and scope["path"].startswith(self._prefix)
        if not ours or UPLOADS.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        await bounded(self._app, LONGEST_BODY, scope, receive, send)


async def bounded(app: ASGIApp, longest: int, scope: Scope, receive: Receive, send: Send) -> None:
    """What `app` answers; a body that is or becomes longer than `longest` bytes is 413."""
    announced = Headers(scope=scope).get("content-length", "0")
    if announced.isdecimal() and int(announced) > longest:
        await JSONResponse({"detail": _too_much(longest)}, 413)(scope, receive, send)
        return
    await app(scope, _counted(receive, longest), send)


def _counted(receive: Receive, longest: int) -> Receive:
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > longest:
            raise HTTPException(413, _too_much(longest))
        return message

    return counted


def _too_much(longest: int) -> str:
    return f"more than {longest} bytes"
