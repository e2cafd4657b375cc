"""What every answer carries where its route says nothing else: not framed, not guessed at, and the API's not kept."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
}

#: What the API says is of people, and for whoever asked alone.
UNKEPT = {**HEADERS, "Cache-Control": "private, no-store"}


class Carrying:
    """ASGI middleware: adds the headers to whatever answers over HTTP; `private` begins the paths of `UNKEPT`."""

    def __init__(self, app: ASGIApp, private: str) -> None:
        self._app = app
        self._private = private

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = UNKEPT if scope["path"].startswith(self._private) else HEADERS

        async def carrying(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in wanted.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, carrying)
