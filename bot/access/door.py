"""What every request under /desk passes before anybody reads it, and what every answer carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.access.origin import HOME, SAFE, is_ours
from bot.bound import LONGEST_BODY, bounded
from bot.desk.rendering import HEADERS

STATIC = f"{HOME}/static/"

#: Files in one message, as in the web chat.
MOST_FILES = 5

#: What needs no session: its forms are read before anybody knows who sent them, whatever cookie came along.
OPEN = (f"{HOME}/login", f"{HOME}/invite/")

#: Bytes of such a form, and of whatever comes without a cookie.
LONGEST_FORM = 20_000


class Door:
    """ASGI middleware: bodies are bounded, changes come from our own pages, answers carry the desk's headers.

    `file_bytes` is what a file of an agent's may have, `cookie` what those who are signed in carry, and `knows` whether
    it is one that was given.
    """

    def __init__(
        self,
        app: ASGIApp,
        public_url: str | None,
        file_bytes: int,
        cookie: str,
        knows: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._app = app
        self._public_url = public_url
        self._most = MOST_FILES * file_bytes + LONGEST_BODY
        self._cookie = cookie
        self._knows = knows

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
        await bounded(self._app, await self._longest(scope), scope, receive, answer)

    async def _longest(self, scope: Scope) -> int:
        """Bytes that are read. Files are, before any route asks who sent them: so that is looked at here."""
        asked = Request(scope)
        token = asked.cookies.get(self._cookie, "")
        if not token or asked.url.path.startswith(OPEN):
            return LONGEST_FORM
        if not asked.headers.get("content-type", "").startswith("multipart/"):
            return LONGEST_BODY
        return self._most if await self._knows(token) else LONGEST_FORM


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
