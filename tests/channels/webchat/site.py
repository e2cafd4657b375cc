"""The real channel behind a real uvicorn on a loopback port, to be stopped and started again at will."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from channels.webchat import WebChat
from channels.webchat.settings import WebChatSettings
from tests.channels.webchat.host import MemoryHost


class Server:
    """One ASGI app on one loopback port; the port is kept over restarts."""

    def __init__(self, name: str = "127.0.0.1") -> None:
        self.port = _free_port()
        self.origin = f"http://{name}:{self.port}"
        self._server: uvicorn.Server | None = None

    async def start(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            app, host="127.0.0.1", port=self.port, log_level="error", lifespan="off", timeout_graceful_shutdown=3
        )
        config.load()
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        # Server.serve would take over the signals of the test run and look only ten times a second whether to stop.
        await self._server.startup()

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.shutdown()
        self._server = None


class Site:
    """A web chat mounted as `frontdesk up` mounts it."""

    def __init__(self, host: MemoryHost, settings: WebChatSettings | None = None) -> None:
        self.host = host
        self.settings = settings or WebChatSettings(type="webchat")
        self.server = Server()
        self.base = f"{self.server.origin}/channels/webchat"
        self._run: asyncio.Task[None] | None = None

    async def start(self) -> None:
        channel = self.host.channel = WebChat("webchat", self.settings)
        self._run = asyncio.create_task(channel.run(self.host))
        await self.server.start(Starlette(routes=[Mount("/channels/webchat", routes=channel.routes(self.host))]))

    async def stop(self) -> None:
        if self._run is not None:
            self._run.cancel()
            with suppress(asyncio.CancelledError):
                await self._run
        self.host.channel = None
        await self.server.stop()


class Embedding:
    """Somebody else's site: one page, another origin."""

    def __init__(self) -> None:
        self.server = Server("localhost")
        self.html = ""
        self.headers: dict[str, str] = {}

    async def start(self) -> None:
        await self.server.start(Starlette(routes=self._routes()))

    async def stop(self) -> None:
        await self.server.stop()

    def _routes(self) -> Sequence[BaseRoute]:
        return [Route("/", lambda _: HTMLResponse(self.html, headers=self.headers))]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
