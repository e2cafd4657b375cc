"""What every request under /desk passes before anybody reads it, and what every answer carries."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.access.guard import entry_now
from bot.access.origin import HOME, SAFE, is_ours
from bot.bound import LONGEST_BODY, bounded
from bot.desk.rendering import HEADERS
from bot.errors import StorageDown

STATIC = f"{HOME}/static/"

#: Files in one message, as in the web chat.
MOST_FILES = 5

#: What needs no session: its forms are read before anybody knows who sent them, whatever cookie came along.
OPEN = (f"{HOME}/login", f"{HOME}/invite/")

#: Bytes of such a form, and of whatever comes without a session.
LONGEST_FORM = 20_000


class Door:
    """ASGI middleware: bodies are bounded, changes come from our own pages, answers carry the desk's headers.

    `file_bytes` is what a file of an agent's may have.
    """

    def __init__(self, app: ASGIApp, public_url: str | None, file_bytes: int) -> None:
        self._app = app
        self._public_url = public_url
        self._most = MOST_FILES * file_bytes + LONGEST_BODY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _of_desk(scope["path"]):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        answer = _carrying(send, static=scope["path"].startswith(STATIC))
        if scope["method"] not in SAFE and not is_ours(headers, self._public_url):
            refusal = JSONResponse({"detail": "this was not sent by a page of the desk"}, 403)
            await refusal(scope, receive, answer)
            return
        await bounded(self._app, await self._longest(scope, headers), scope, receive, answer)

    async def _longest(self, scope: Scope, headers: Headers) -> int:
        """A form is read before anybody asks who sent it: long ones are asked for here, whatever cookie came along."""
        if scope["path"].startswith(OPEN) or _is_short(headers) or not await _is_entered(scope):
            return LONGEST_FORM
        return self._most if headers.get("content-type", "").startswith("multipart/") else LONGEST_BODY


def _is_short(headers: Headers) -> bool:
    announced = headers.get("content-length", "" if "transfer-encoding" in headers else "0")
    return announced.isdecimal() and int(announced) <= LONGEST_FORM


async def _is_entered(scope: Scope) -> bool:
    try:
        entry = await entry_now(Request(scope))
    except StorageDown:
        # The route finds the same, and says so in words.
        return True
    return entry is not None and not entry.session.pending


def _of_desk(path: str) -> bool:
    return path == HOME or path.startswith(f"{HOME}/")


def _carrying(send: Send, *, static: bool) -> Send:
    """`send` with the desk's headers, where the answer has none of its own. Our own files may be kept and asked for."""

    async def carrying(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if static:
                headers.setdefault("cache-control", "no-cache")
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return carrying
