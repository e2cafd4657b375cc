"""The HTTP side of the web chat. Errors are `{"error": code, "detail": sentence}`."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, Field, ValidationError
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from channels.base import Host
from channels.errors import NotStored, Unacceptable
from channels.webchat import wire
from channels.webchat.errors import Code, Refused
from channels.webchat.files import KINDS
from channels.webchat.form import Bounds, read_body, read_form
from channels.webchat.inbound import read_inbound
from channels.webchat.pace import Pace, address
from channels.webchat.script import Script
from channels.webchat.settings import WebChatSettings
from channels.webchat.streams import Streams
from channels.webchat.tokens import Tokens, Visitor
from channels.words import Author, Inbound, Place, Received, Shown, StoredFile

Body = TypeVar("Body", bound=BaseModel)
Endpoint = Callable[[Request], Awaitable[Response]]

MOST_FILES = 5
#: Seconds between two signs of life on a silent stream.
PING = 15
#: Seconds a page may leave a write unread before its stream is dropped.
STALLED = 30
#: Pictures a browser shows in place; everything else is downloaded.
INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp"}
FILE_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, max-age=3600",
    "X-Content-Type-Options": "nosniff",
}
PAGE = Path(__file__).with_name("private.html")
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Nobody else's page may put the button under a visitor's finger.
    "Content-Security-Policy": "frame-ancestors 'none'",
}


class Opening(BaseModel):
    """The body of POST /session."""

    token: str | None = Field(default=None, max_length=8_192)
    identity: str | None = Field(default=None, max_length=8_192)
    language: str | None = Field(default=None, max_length=64)


class Claim(BaseModel):
    """The body of POST /private/claim."""

    link: str = Field(pattern=r"^[0-9a-f]{64}$")


def answering(endpoint: Endpoint) -> Endpoint:
    """Turns what an endpoint refuses into its answer."""

    @functools.wraps(endpoint)
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as refused:
            return refused.response()
        except Unacceptable as error:
            return Refused(422, error.code, str(error)).response()
        except NotStored:
            return Refused(503, Code.NOT_STORED, "not stored; send it again with the same event_id", 2).response()
        except ClientDisconnect:
            # Nobody is left to read this; without it an upload broken off would look like a fault of ours.
            return Response(status_code=400)

    return answer


class Api:
    """The endpoints of one web chat."""

    def __init__(self, name: str, settings: WebChatSettings, host: Host, streams: Streams) -> None:
        self._name = name
        self._settings = settings
        self._host = host
        self._streams = streams
        life = timedelta(days=settings.visitor_days)
        self._tokens = Tokens(name, host.secret, life, settings.identity_secret)
        self._pace = Pace(settings)
        self._bounds = Bounds(
            text=settings.longest_text, files=MOST_FILES, file_bytes=settings.longest_file_mb * 1_000_000
        )
        self._script = Script()
        self._private = PAGE.read_text("utf-8").replace("{{brand}}", escape(host.brand))

    def routes(self) -> Sequence[BaseRoute]:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=self._settings.origins,
            allow_methods=("GET", "POST"),
            allow_headers=("Authorization", "Content-Type"),
            expose_headers=("Retry-After",),
        )
        routes = [
            Route("/widget.js", answering(self.script)),
            Route("/session", answering(self.session), methods=["POST"]),
            Route("/messages", answering(self.messages), methods=["POST"]),
            Route("/events", answering(self.events)),
            Route("/files/{id:int}", answering(self.files)),
        ]
        private = [Route("/", answering(self.page)), Route("/claim", answering(self.claim), methods=["POST"]), *routes]
        return [Mount("/private", routes=private), Mount("", routes=routes, middleware=[cors])]

    async def script(self, request: Request) -> Response:
        headers = {
            "ETag": self._script.etag,
            "Cache-Control": "public, max-age=300",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        }
        if request.headers.get("if-none-match") == self._script.etag:
            return Response(status_code=304, headers=headers)
        return Response(self._script.body, headers=headers, media_type="text/javascript")

    async def session(self, request: Request) -> Response:
        """A token for a newcomer, for one who comes back, or for whom the host site vouches."""
        opening = await self._read(request, Opening)
        if not (opening.identity or opening.token):
            self._pace.arrival(address(request))
        visitor = self._admitted(opening)
        answer = {
            "token": self._tokens.sign(visitor),
            "expires_at": visitor.expires_at.isoformat(),
            "brand": self._host.brand,
            "language": self._language(opening.language),
            "languages": list(self._host.languages),
            "limits": self._limits(),
        }
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def page(self, request: Request) -> Response:
        """Where a link from a public place leads; it is used up by its button alone, not by whoever looks at links."""
        return HTMLResponse(self._private, headers=PAGE_HEADERS)

    async def claim(self, request: Request) -> Response:
        """Carries a public conversation on with this visitor, who is new; the first one to ask gets it."""
        visitor = self._visitor(request)
        if visitor.verified_by:
            raise Refused(403, Code.TOKEN_INVALID, "a link is opened by a visitor whom nobody knows yet")
        self._pace.arrival(address(request))
        claim = await self._read(request, Claim)
        await self._host.move(claim.link, self._place(visitor.handle))
        return JSONResponse({}, headers={"Cache-Control": "no-store"})

    async def messages(self, request: Request) -> Response:
        """Answers once the message is stored; a second one with the same event_id is the same message."""
        visitor = self._visitor(request)
        self._pace.message(visitor, address(request))
        form = await read_form(request, self._bounds)
        read = functools.partial(read_inbound, form, visitor, self._place(visitor.handle), self._settings)
        # Twenty megabytes of files take a while to be looked through.
        inbound = await asyncio.to_thread(read) if form.files else read()
        received = await self._host.deliver(inbound)
        message = await self._stored(inbound, received)
        if received.fresh:
            self._streams.publish(visitor.handle, message)
        return JSONResponse(
            {"message": wire.shown(message, self._link(visitor.handle)), "fresh": received.fresh},
            headers={"Cache-Control": "no-store"},
        )

    async def events(self, request: Request) -> Response:
        visitor = self._visitor(request)
        return EventSourceResponse(self._events(visitor), ping=PING, sep="\n", send_timeout=STALLED)

    async def files(self, request: Request) -> Response:
        """A file by a link that names it and its conversation."""
        file_id = int(request.path_params["id"])
        handle = self._tokens.file_handle(request.query_params.get("token", ""), file_id)
        file = await self._host.file(self._place(handle), file_id)
        if file is None:
            raise Refused(404, Code.NOT_FOUND, "no such file")
        disposition = "inline" if file.media_type in INLINE else "attachment"
        return FileResponse(
            file.path,
            headers=FILE_HEADERS,
            media_type=file.media_type,
            filename=file.name,
            content_disposition_type=disposition,
        )

    async def _events(self, visitor: Visitor) -> AsyncIterator[ServerSentEvent]:
        link = self._link(visitor.handle)
        ends = time.monotonic() + (visitor.expires_at - datetime.now(UTC)).total_seconds()
        with self._streams.page(visitor.handle) as page:
            try:
                transcript = await self._host.transcript(self._place(visitor.handle))
            except NotStored:
                # The answer has begun; a stream that ends before its transcript tells the widget to try again.
                return
            yield wire.sse("transcript", wire.transcript(transcript, self._streams.recent(visitor.handle), link))
            for wait in self._streams.waits(visitor.handle):
                yield wire.event(wait, link)
            while (item := await page.next(ends - time.monotonic())) is not None:
                yield wire.event(item, link)

    async def _read(self, request: Request, model: type[Body]) -> Body:
        body = b"".join([chunk async for chunk in read_body(request, 32_000, Code.BAD_REQUEST)])
        try:
            return model.model_validate_json(body)
        except ValidationError as error:
            reason = f"not what {request.url.path} takes: {error.error_count()} fields are wrong"
            raise Refused(400, Code.BAD_REQUEST, reason) from error

    def _admitted(self, opening: Opening) -> Visitor:
        if opening.identity:
            return self._tokens.identity(opening.identity)
        if opening.token:
            return self._tokens.renewed(self._tokens.visitor(opening.token))
        return self._tokens.anonymous()

    def _visitor(self, request: Request) -> Visitor:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Refused(401, Code.TOKEN_INVALID, "send Authorization: Bearer and the token of POST /session")
        return self._tokens.visitor(token.strip())

    async def _stored(self, inbound: Inbound, received: Received) -> Shown:
        """The message as kept. Only a redelivery, or files with their new ids, are worth a look at the transcript."""
        if inbound.attachments or not received.fresh:
            transcript = await self._host.transcript(inbound.place)
            for message in transcript.messages:
                if message.message_id == received.message_id:
                    return message
        return Shown(
            message_id=received.message_id,
            event_id=inbound.event_id,
            author=Author.USER,
            author_name=inbound.name,
            text=inbound.text,
            choices=(),
            files=(),
            created_at=datetime.now(UTC),
        )

    def _place(self, handle: str) -> Place:
        return Place(account=self._name, handle=handle)

    def _link(self, handle: str) -> wire.Link:
        """Links are relative to widget.js, so they hold behind any proxy."""

        def link(file: StoredFile) -> str:
            return f"files/{file.id}?token={self._tokens.sign_file(handle, file.id)}"

        return link

    def _language(self, wanted: str | None) -> str:
        """The language of ours that is nearest to a BCP 47 tag: "zh-CN" is "zh"."""
        primary = (wanted or "").lower().partition("-")[0]
        return primary if primary in self._host.languages else self._host.languages[0]

    def _limits(self) -> dict[str, object]:
        return {
            "text": self._bounds.text,
            "files": self._bounds.files,
            "file_bytes": self._bounds.file_bytes,
            "suffixes": [suffix for kind in self._settings.file_types for suffix in KINDS[kind].suffixes],
        }
