"""The gateway of the counterpart: HELLO, IDENTIFY, READY, heartbeats, RESUME with what was missed, INVALID_SESSION."""

from __future__ import annotations

import asyncio
import json
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
#: The bit of the intent to read all messages.
MESSAGE_CONTENT = 1 << 15


@dataclass
class Session:
    """What was dispatched in it, so that it can be resumed while its line is gone."""

    id: str
    events: list[dict[str, Any]] = field(default_factory=list)
    line: Connection | None = None

    async def dispatch(self, event: str, payload: object) -> None:
        self.events.append({"op": DISPATCH, "t": event, "s": len(self.events) + 1, "d": payload})
        if self.line:
            await self.line.send(self.events[-1])


class Connection:
    """One websocket, compressed as the client asked for."""

    def __init__(self, request: web.Request) -> None:
        self.socket = web.WebSocketResponse()
        self.request = request
        self._deflate = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None

    async def send(self, payload: dict[str, Any]) -> None:
        """A line that is gone takes nothing; the session keeps it."""
        with suppress(ConnectionError):
            await self.send_text(json.dumps(payload))

    async def send_text(self, text: str) -> None:
        if self.socket.closed:
            return
        if self._deflate is None:
            await self.socket.send_str(text)
            return
        pressed = self._deflate.compress(text.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        await self.socket.send_bytes(pressed)

    def abort(self) -> None:
        transport = self.request.transport
        if isinstance(transport, asyncio.Transport):
            transport.abort()


class Gate:
    """Every line to it, and every session that can be resumed."""

    def __init__(self, token: str, application: dict[str, Any], bot: dict[str, Any]) -> None:
        self._token, self._application, self._bot = token, application, bot
        self._numbers = iter(range(1, 1_000_000))
        self.sessions: dict[str, Session] = {}
        self.lines: list[Connection] = []
        #: What was asked for in each IDENTIFY, and the sessions that were resumed.
        self.identified: list[dict[str, Any]] = []
        self.resumed: list[str] = []
        self.guilds: list[dict[str, Any]] = []
        #: Where a resumed line must go.
        self.address = ""

    async def dispatch(self, event: str, payload: object) -> None:
        """To every session, there or not."""
        for session in list(self.sessions.values()):
            await session.dispatch(event, payload)

    async def cut(self) -> None:
        for line in self.lines:
            line.abort()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        line = Connection(request)
        await line.socket.prepare(request)
        self.lines.append(line)
        await line.send({"op": HELLO, "d": {"heartbeat_interval": 41250}, "s": None, "t": None})
        session: Session | None = None
        try:
            async for message in line.socket:
                if message.type is WSMsgType.TEXT:
                    session = await self._told(line, json.loads(message.data)) or session
        finally:
            self.lines.remove(line)
            if session and session.line is line:
                session.line = None
                if line.socket.close_code in {1000, 1001}:
                    self.sessions.pop(session.id, None)
        return line.socket

    async def _told(self, line: Connection, message: dict[str, Any]) -> Session | None:
        if message["op"] == HEARTBEAT:
            await line.send({"op": ACK, "d": None, "s": None, "t": None})
        elif message["op"] == IDENTIFY:
            return await self._identify(line, message["d"])
        elif message["op"] == RESUME:
            return await self._resume(line, message["d"])
        return None

    async def _identify(self, line: Connection, asked: dict[str, Any]) -> Session | None:
        self.identified.append(asked)
        if asked["token"] != self._token:
            await line.socket.close(code=4004, message=b"Authentication failed.")
            return None
        if asked["intents"] & MESSAGE_CONTENT and not self._application["flags"] & 0b11 << 18:
            await line.socket.close(code=4014, message=b"Disallowed intent(s).")
            return None
        session = Session(f"session-{next(self._numbers)}", line=line)
        self.sessions[session.id] = session
        await session.dispatch(
            "READY",
            {
                "v": 10,
                "user": self._bot,
                "guilds": [{"id": guild["id"], "unavailable": True} for guild in self.guilds],
                "session_id": session.id,
                "session_type": "normal",
                "resume_gateway_url": self.address,
                "private_channels": [],
                "relationships": [],
                "application": {"id": self._application["id"], "flags": self._application["flags"]},
            },
        )
        for guild in self.guilds:
            await session.dispatch("GUILD_CREATE", guild)
        return session

    async def _resume(self, line: Connection, asked: dict[str, Any]) -> Session | None:
        session = self.sessions.get(asked["session_id"])
        if session is None or asked["token"] != self._token:
            await line.send({"op": INVALID, "d": False, "s": None, "t": None})
            return None
        self.resumed.append(session.id)
        told = asked["seq"]
        # What happens while the others are told is told too; a list taken before would miss it.
        while told < len(session.events):
            await line.send(session.events[told])
            told += 1
        session.line = line
        await session.dispatch("RESUMED", {"_trace": []})
        return session
