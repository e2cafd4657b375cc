"""The proxy between us and X: whatever host it is asked for, X answers, over TLS."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from aiohttp import web


class Proxy(asyncio.Protocol):
    """One line; once asked for the way it is the line of `behind`."""

    def __init__(self, behind: web.Server, tls: ssl.SSLContext) -> None:
        self._behind = behind
        self._tls = tls
        self._asked = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._asked += data
        if not self._asked.endswith(b"\r\n\r\n"):
            return
        if not self._asked.startswith(b"CONNECT "):
            self._transport.abort()
            return
        # The client's next bytes are for TLS, and no longer for us.
        self._transport.pause_reading()
        self._transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self._task = asyncio.create_task(self._hand_over())

    async def _hand_over(self) -> None:
        loop, behind = asyncio.get_running_loop(), self._behind()
        # Who does not trust the certificate goes away.
        with suppress(OSError):
            inner = await loop.start_tls(self._transport, behind, self._tls, server_side=True)
            if inner:
                behind.connection_made(inner)
