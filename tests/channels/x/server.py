"""A counterpart of X: its API v2 for one account, over TLS, with signatures checked and limits told."""

from __future__ import annotations

import asyncio
import math
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import trustme
from aiohttp import web

from tests.channels.peer import Fault
from tests.channels.x.counting import counted
from tests.channels.x.proxy import Proxy
from tests.channels.x.signatures import Signatures
from tests.channels.x.timeline import Timeline
from tests.channels.x.world import ME, USERS, World, linked

OVER_CAPACITY = "<!DOCTYPE html><html><head><title>Twitter / Over capacity</title></head><body>503</body></html>"
NO_DM = {
    "detail": "You do not have permission to DM one or more participants.",
    "type": "about:blank",
    "title": "Forbidden",
    "status": 403,
}
NO_REPLY = {
    "detail": "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged.",
    "type": "about:blank",
    "title": "Forbidden",
    "status": 403,
}
TOO_MANY = {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}
UNAUTHORIZED = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
PAGE = 5

Answered = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server(World):
    """What X has, and how it treats the next requests; the certificate to trust is left in `folder`."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        authority = trustme.CA()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("api.twitter.com", "ton.twitter.com", "pbs.twimg.com").configure_cert(self._tls)
        self.ca_bundle = folder / "x.pem"
        authority.cert_pem.write_to_path(str(self.ca_bundle))
        self._signatures = Signatures()
        self._free = asyncio.Event()
        #: By path as `METHOD /path`; each answers one request instead of us.
        self.instead: dict[str, deque[Answered]] = {}
        #: What sends to a person meet, by the person's id.
        self.faults: Callable[[str], list[Fault]] = lambda _: []
        self.pause: float | None = 1
        self.level = "read-write-directmessages"
        #: Added to each answer.
        self.headers: dict[str, str] = {}
        #: Every request as `METHOD /path`, with its moment.
        self.asked: list[tuple[str, float]] = []
        self.port = 0
        self.timeline = Timeline(self)

    @property
    def proxy(self) -> str:
        """The proxy that leads here."""
        return f"http://127.0.0.1:{self.port}"

    def session(self) -> aiohttp.ClientSession:
        """Of a client that knows the way, and trusts the certificate."""
        trust = ssl.create_default_context(cafile=self.ca_bundle)
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust), proxy=self.proxy)

    async def start(self) -> None:
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/2/users/me", self._me),
                web.get("/2/users/{id}/mentions", self._mentions),
                web.get("/2/users/{id}/tweets", self._tweets),
                web.post("/2/tweets", self._post),
                web.get("/2/dm_events", self._messages),
                web.get("/2/dm_conversations/with/{person}/dm_events", self._messages),
                web.post("/2/dm_conversations/with/{person}/messages", self._send),
                web.get("/1.1/ton/data/dm/{media}/{name}", self._file),
                web.get("/media/{media}/{name}", self._file),
                *self.timeline.routes(),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.open()

    async def open(self) -> None:
        """Lines are taken."""
        behind = self._runner.server
        assert behind
        self._line = await asyncio.get_running_loop().create_server(
            lambda: Proxy(behind, self._tls), "127.0.0.1", self.port, reuse_address=True
        )
        self.port = self._line.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Lines are refused."""
        self._line.close()

    async def cut(self) -> None:
        """Every open line breaks."""
        server = self._runner.server
        for handler in list(server.connections) if server else []:
            if handler.transport:
                handler.transport.abort()

    async def never(self) -> None:
        """Until the end."""
        await self._free.wait()

    async def stop(self) -> None:
        self._free.set()
        self._line.close()
        await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Answered) -> web.StreamResponse:
        asked = f"{request.method} {request.path}"
        self.asked.append((asked, time.monotonic()))
        if waiting := self.instead.get(asked):
            return await waiting.popleft()(request)
        if not request.path.startswith("/media/") and not self._signatures.hold(request):
            return web.json_response(UNAUTHORIZED, status=401)
        response = await handler(request)
        response.headers.update({"x-access-level": self.level, **self.headers})
        return response

    async def _me(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"data": ME})

    async def _mentions(self, request: web.Request) -> web.StreamResponse:
        since = int(request.query.get("since_id", "0"))
        return self._page(request, [post for post in self.mentions if int(post["id"]) > since])

    async def _tweets(self, request: web.Request) -> web.StreamResponse:
        since = int(request.query.get("since_id", "0"))
        return self._page(request, [post for post in self.posts if int(post["id"]) > since])

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        person = request.match_info.get("person")
        return self._page(
            request, [one for one in self.messages if not person or one["dm_conversation_id"] == f"{person}-9000"]
        )

    def _page(self, request: web.Request, events: list[dict[str, Any]]) -> web.StreamResponse:
        """Newest first, a few at a time, so that every longer story needs several."""
        start = int(request.query.get("pagination_token", "0"))
        shown = sorted(events, key=lambda event: -int(event["id"]))[start : start + PAGE]
        body: dict[str, Any] = {"meta": {"result_count": len(shown)}}
        if shown:
            body |= {"data": shown, "includes": {"users": list(USERS.values()), "media": list(self.media.values())}}
        if start + PAGE < len(events):
            body["meta"]["next_token"] = str(start + PAGE)
        return web.json_response(body)

    async def _send(self, request: web.Request) -> web.StreamResponse:
        person = request.match_info["person"]
        fault = await self._fault(request, person, NO_DM)
        if isinstance(fault, web.StreamResponse):
            return fault
        event = self.message("9000", (await request.json())["text"], person)
        if fault is Fault.SILENT:
            await self._free.wait()
        made = {"dm_conversation_id": event["dm_conversation_id"], "dm_event_id": event["id"]}
        return web.json_response({"data": made}, status=201)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if "reply" not in body:
            return await self.timeline.post(request, body)
        answered = body["reply"]["in_reply_to_tweet_id"]
        post = next((one for one in self.mentions if one["id"] == answered), None)
        if post is None:
            return web.json_response(NO_REPLY, status=403)
        fault = await self._fault(request, post["author_id"], NO_REPLY)
        if isinstance(fault, web.StreamResponse):
            return fault
        if counted(body["text"]) > 280:
            return web.json_response({"detail": "Your Tweet text is too long.", "status": 400}, status=400)
        text = f"@{USERS[post['author_id']]['username']} {body['text']}"
        made: dict[str, Any] = {"id": self.new_id(), "author_id": "9000", "text": text}
        made["referenced_tweets"] = [{"type": "replied_to", "id": answered}]
        self.posts.append(linked(made, self.short))
        if fault is Fault.SILENT:
            await self._free.wait()
        return web.json_response({"data": {"id": made["id"], "text": made["text"]}}, status=201)

    async def _fault(
        self, request: web.Request, person: str, gone: dict[str, Any]
    ) -> web.StreamResponse | Fault | None:
        faults = self.faults(person)
        fault = faults.pop(0) if faults else None
        match fault:
            case Fault.BUSY:
                return busy(self.pause)
            case Fault.BROKEN:
                return broken()
            case Fault.GONE:
                return web.json_response(gone, status=403)
            case Fault.CUT:
                assert request.transport
                request.transport.abort()
                raise asyncio.CancelledError
        return fault

    async def _file(self, request: web.Request) -> web.StreamResponse:
        media_type, data = self.bytes[request.match_info["media"]]
        return web.Response(body=data, content_type=media_type)


def busy(pause: float | None) -> web.Response:
    """429, with the moment of the next window where X names one."""
    headers = {}
    if pause is not None:
        reset = str(math.ceil(time.time() + pause))
        headers = {"x-rate-limit-limit": "15", "x-rate-limit-remaining": "0", "x-rate-limit-reset": reset}
    return web.json_response(TOO_MANY, status=429, headers=headers)


def broken() -> web.Response:
    """503, as the page X shows people."""
    return web.Response(text=OVER_CAPACITY, content_type="text/html", status=503)
