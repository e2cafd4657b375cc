"""The line between a bot and Telegram: it can break, be refused, or be cut before anything was said."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Line:
    """One connection: towards the bot, and towards the server."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

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
        if self._server:
            self._server.close()
        tasks = [task for line in self._lines.values() for task in line.tasks]
        self.abort()
        await asyncio.gather(*tasks, return_exceptions=True)

    def abort(self, *, but: set[int] | None = None) -> None:
        """Breaks every line, except those that reach the server from one of these ports."""
        for port, line in list(self._lines.items()):
            if port not in (but or set()):
                line.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.closed or self._cut():
            writer.transport.abort()
            return
        far_reader, far = await asyncio.open_connection("127.0.0.1", self._to)
        port = int(far.get_extra_info("sockname")[1])
        line = self._lines[port] = Line(writer, far)
        line.tasks = [
            asyncio.create_task(_pass_on(reader, far)),
            asyncio.create_task(_pass_on(far_reader, writer)),
        ]
        await asyncio.gather(*line.tasks, return_exceptions=True)
        line.abort()
        del self._lines[port]


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
