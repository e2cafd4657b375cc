"""A webhook's receiver that behaves as badly as it is told to, on a real socket, with TLS or without."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine"


@dataclass
class Request:
    """What came in."""

    path: str
    headers: dict[str, str]
    body: bytes
    #: Whom the caller asked for in its TLS hello.
    sni: str | None


Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Receiver:
    """Answers by path; what it does not know is fine."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    #: Connections there were, asked or not.
    connections: int = 0
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    names: dict[ssl.SSLObject, str] = field(default_factory=dict)
    #: Requests under way at once, by path, and the most there were.
    busy: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    most: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    sni: str | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            request = await self._read(reader)
            self.requests.append(request)
            self.busy[request.path] += 1
            self.most[request.path] = max(self.most[request.path], self.busy[request.path])
            try:
                await self.behaviours.get(request.path, fine)(writer)
            finally:
                self.busy[request.path] -= 1
        writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Request(first.split(" ")[1], headers, body, self.sni)

    def greeted(self, _: ssl.SSLObject | ssl.SSLSocket, name: str | None, __: ssl.SSLContext) -> None:
        self.sni = name


async def fine(writer: asyncio.StreamWriter) -> None:
    writer.write(OK)
    await writer.drain()


def answering(status: str, *headers: str, body: bytes = b"") -> Behaviour:
    """With this status line and these headers."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
        writer.write("\r\n".join(head).encode() + body)
        await writer.drain()

    return answer


async def hangs(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drips(writer: asyncio.StreamWriter) -> None:
    """An answer that never ends and always goes on."""
    while True:
        writer.write(b"H")
        await writer.drain()
        await asyncio.sleep(0.02)


async def floods(writer: asyncio.StreamWriter) -> None:
    """A body without end."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x" * 65_536)
        await writer.drain()


async def breaks(writer: asyncio.StreamWriter) -> None:
    """Gone before anything is said."""
    writer.transport.abort()


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None) -> AsyncIterator[Receiver]:
    """On a free port of this machine."""
    receiver = Receiver()
    if tls:
        tls.sni_callback = receiver.greeted
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(receiver.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
