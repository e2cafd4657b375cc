"""The line between a bot and Telegram: it can break, be refused, or be cut before anything was said."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Line:
    """One connection: towards the bot, and towards the server."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter

    def abort(self) -> None:
        """Breaks it at once."""
        self.near.transport.abort()
        self.far.transport.abort()


class Gate:
    """Listens where bots connect and passes on every byte. `cut` is asked whether a new line is cut at once."""

    def __init__(self, cut: Callable[[], bool]) -> None:
        self._cut = cut
        self._lines: dict[int, Line] = {}
        self._server: asyncio.Server | None = None
        #: Lines that are being opened or are open.
        self._busy: set[asyncio.Task[None]] = set()
        self._to = 0
        #: Every new line is refused.
        self.closed = False

    async def open(self, to: int) -> int:
        """Listens; the port."""
        self._to = to
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def shut(self) -> None:
        """Ends every line and listens no more."""
        self.closed = True
        if self._server:
            self._server.close()
        while self._busy:
            self.abort()
            await asyncio.wait(self._busy, timeout=0.05)

    def abort(self, *, but: set[int] | None = None) -> None:
        """Breaks every line, except those that reach the server from one of these ports."""
        for port, line in list(self._lines.items()):
            if port not in (but or set()):
                line.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.closed or self._cut():
            writer.transport.abort()
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far = await asyncio.open_connection("127.0.0.1", self._to)
        port = int(far.get_extra_info("sockname")[1])
        line = self._lines[port] = Line(writer, far)
        await asyncio.gather(_pass_on(reader, far), _pass_on(far_reader, writer))
        line.abort()
        del self._lines[port]


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
