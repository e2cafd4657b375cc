"""A line between us and a server, that can be cut and refused."""

from __future__ import annotations

import asyncio


class Line:
    """A port that passes everything on to another one."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        #: How often somebody connected.
        self.calls = 0
        #: A question that breaks the line.
        self.poison = b""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._hushed: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Nobody gets through until `start`."""
        if self._server:
            self._server.close()
            self._server = None

    def cut(self) -> None:
        """Every open line breaks."""
        for writer in self._open:
            writer.transport.abort()

    def hush(self) -> None:
        """Nothing more is heard on the lines that are open now."""
        self._hushed |= self._open

    async def close(self) -> None:
        """For good."""
        await self.refuse()
        self.cut()
        await asyncio.gather(*self._tasks)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.calls += 1
        try:
            back, on = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, on}
        try:
            await asyncio.gather(self._copy(reader, on), self._copy(back, writer))
        finally:
            self._open -= {writer, on}
            self._hushed -= {writer, on}

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                if self.poison and self.poison in data:
                    self.cut()
                if sink not in self._hushed:
                    sink.write(data)
                    await sink.drain()
        except ConnectionError:
            return
        finally:
            sink.close()
