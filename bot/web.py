"""The HTTP side: channels' routes, the API and its page, health, metrics, and the page at `/`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from fastapi_swagger import patch_fastapi  # type: ignore[import-untyped]  # it ships no types
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount

from bot.carrying import Carrying
from bot.errors import Misconfigured, Problem
from bot.health import Health

PAGES = Path(__file__).parent / "pages"


def build(health: Health, channels: Mapping[str, list[BaseRoute]], brand: str, chat: str | None) -> FastAPI:
    """The application. `channels` are the routes by channel name, `chat` the name of the channel the page shows."""
    app = FastAPI(
        title="Frontdesk",
        description="Tickets for agents, and what machines ask.",
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.add_middleware(Carrying, private="/api/")
    patch_fastapi(app, redirect_from_root_to_docs=False)
    for name, routes in channels.items():
        if routes:
            app.router.routes.append(Mount(f"/channels/{name}", routes=routes))
    _add_pages(app, brand, chat)
    _add_machines(app, health)
    return app


def _add_pages(app: FastAPI, brand: str, chat: str | None) -> None:
    page = (PAGES / "demo.html").read_text(encoding="utf-8").replace("{{brand}}", escape(brand))
    page = page.replace("{{widget}}", f"/channels/{chat}/widget.js")

    @app.get("/", include_in_schema=False)
    async def demo() -> Response:
        if chat is None:
            return PlainTextResponse("No web chat is configured; the API is at /docs.")
        return HTMLResponse(page)


def _add_machines(app: FastAPI, health: Health) -> None:
    @app.get("/health", tags=["operations"])
    async def is_ready() -> JSONResponse:
        """200 where the database and Rasa answer, 503 and which of them does not otherwise."""
        report = await health.report()
        return JSONResponse(report, 200 if report["ready"] else 503)

    @app.get("/metrics", tags=["operations"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Prometheus' text format."""
        await health.measure()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class Server(uvicorn.Server):
    """uvicorn inside our own loop: who runs it stops it, so it leaves signals alone."""

    def __init__(self, app: FastAPI, listener: socket.socket) -> None:
        # Streams that are still open after a second of stopping are cut.
        super().__init__(
            uvicorn.Config(
                app, log_config=None, access_log=False, timeout_graceful_shutdown=1, server_header=False, lifespan="off"
            )
        )
        self._listener = listener

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def run_until_cancelled(self) -> None:
        """Serves; when cancelled, lets the requests under way end."""
        serving = asyncio.create_task(self.serve([self._listener]))
        try:
            await asyncio.shield(serving)
        finally:
            self.should_exit = True
            await serving


def listen(host: str, port: int) -> socket.socket:
    """A socket on the address; port 0 takes a free one. Raises `Misconfigured` where the address cannot be had."""
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        # asyncio sets this only where the protocol was named; without it every small answer waits 40 ms for company.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        where = Problem(
            "web", "web.port", f"{host}:{port} cannot be listened on: {error.strerror}", "set web.port or web.host"
        )
        raise Misconfigured([where]) from error
