"""A Matrix homeserver: the part of the client-server API a bot in direct chats uses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.channels.peer import Fault
from tests.channels.telegram.gate import Gate

BOT, TOKEN = "@support:example.org", "syt_c3VwcG9ydA_a-token-of-the-bot_2fXQyz"

#: Events in a timeline; what is more the client has to ask for.
LIMIT = 3

Json = dict[str, Any]
Handler = Callable[[web.Request], Any]


class Server:
    """Every room is a direct chat between the bot and one person; `fault` says what befalls a send there."""

    def __init__(self, fault: Callable[[str], Fault | None]) -> None:
        self._fault = fault
        self.gate = Gate(lambda: False)
        self.port = 0
        #: Seconds named to who sends too fast.
        self.pause: float | None = 1
        #: Everything that happened, as (room, event); a token names how much of it.
        self.events: list[tuple[str, Json]] = []
        #: Rooms by the person in them, and since when the bot is there.
        self.rooms: dict[str, str] = {}
        self.joined: dict[str, int] = {}
        self.media: dict[str, bytes] = {}
        self._sent: dict[tuple[str, str], str] = {}
        #: Sends whose line was cut once.
        self._cut: set[str] = set()
        self._news = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        """Listens behind the gate."""
        app = web.Application(middlewares=[_guarded])
        client = "/_matrix/client/v3"
        app.router.add_get(f"{client}/account/whoami", self._whoami)
        app.router.add_get(f"{client}/sync", self._sync)
        app.router.add_post(client + "/join/{room}", self._join)
        app.router.add_put(client + "/rooms/{room}/send/m.room.message/{key}", self._send)
        app.router.add_get(client + "/rooms/{room}/messages", self._messages)
        app.router.add_get("/_matrix/client/v1/media/download/{server}/{id}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = await self.gate.open(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Ends everything."""
        await self.gate.shut()
        if self._runner:
            await self._runner.cleanup()

    async def happen(self, person: str, event: Json) -> str:
        """Something happens in the person's room; the event's id."""
        if person not in self.rooms:
            self.rooms[person] = f"!{person}:example.org"
        id_ = f"${len(self.events)}"
        await self.tell(self.rooms[person], {"event_id": id_, "sender": f"@{person}:example.org", **event})
        return id_

    async def tell(self, room: str, event: Json) -> None:
        """An event as it is."""
        async with self._news:
            self.events.append((room, event))
            self._news.notify_all()

    async def _whoami(self, request: web.Request) -> web.Response:
        return web.json_response({"user_id": BOT})

    async def _sync(self, request: web.Request) -> web.Response:
        since = int(request.query.get("since", "s0")[1:])
        try:
            async with asyncio.timeout(int(request.query["timeout"]) / 1000), self._news:
                await self._news.wait_for(lambda: self._new(since))
        except TimeoutError:
            pass  # Nothing happened, and that is the answer.
        invited = {room: _invitation() for room in self.rooms.values() if room not in self.joined}
        news = {room: self._timeline(room, since) for room in self.joined}
        joined = {room: {"timeline": timeline} for room, timeline in news.items() if timeline["events"]}
        answer = {"next_batch": f"s{len(self.events)}", "rooms": {"invite": invited, "join": joined}}
        return web.json_response(answer)

    def _new(self, since: int) -> bool:
        return len(self.events) > since or any(room not in self.joined for room in self.rooms.values())

    def _timeline(self, room: str, since: int) -> Json:
        # Of a room that is new to the client all is new.
        begin = 0 if self.joined[room] > since else since
        found = [(place, event) for place, event in self._of(room) if place > begin]
        shown = found[-LIMIT:]
        start = shown[0][0] - 1 if shown else since
        limited = len(found) > len(shown)
        return {"events": [event for _, event in shown], "limited": limited, "prev_batch": f"s{start}"}

    def _of(self, room: str) -> list[tuple[int, Json]]:
        return [(place, event) for place, (where, event) in enumerate(self.events, 1) if where == room]

    async def _messages(self, request: web.Request) -> web.Response:
        assert request.query["dir"] == "b"
        start, to = int(request.query["from"][1:]), int(request.query.get("to", "s0")[1:])
        found = [(place, event) for place, event in self._of(request.match_info["room"]) if to < place <= start][::-1]
        page = found[: min(LIMIT, int(request.query["limit"]))]
        answer: Json = {"chunk": [event for _, event in page], "start": request.query["from"]}
        if len(found) > len(page):
            answer["end"] = f"s{page[-1][0] - 1}"
        return web.json_response(answer)

    async def _join(self, request: web.Request) -> web.Response:
        room = request.match_info["room"]
        if room not in self.joined:
            self.joined[room] = len(self.events) + 1
            member = {"type": "m.room.member", "state_key": BOT, "content": {"membership": "join"}}
            await self.tell(room, {"event_id": f"${len(self.events)}", "sender": BOT, **member})
        return web.json_response({"room_id": room})

    async def _send(self, request: web.Request) -> web.Response:
        room, key = request.match_info["room"], request.match_info["key"]
        person = next(person for person, where in self.rooms.items() if where == room)
        fault = Fault.CUT if key in self._cut else self._fault(person)
        if fault is Fault.CUT and request.transport:
            # aiohttp makes one more try of its own.
            self._cut ^= {key}
            request.transport.abort()
            await asyncio.sleep(3600)
        if fault is Fault.BROKEN:
            return web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
        if fault is Fault.GONE:
            return _error(403, "M_FORBIDDEN")
        if fault is Fault.BUSY:
            return _error(429, "M_LIMIT_EXCEEDED", **({"retry_after_ms": int(self.pause * 1000)} if self.pause else {}))
        if (room, key) not in self._sent:
            said = {"type": "m.room.message", "sender": BOT, "content": json.loads(await request.read())}
            self._sent[room, key] = await self.happen(person, said)
        if fault is Fault.SILENT:
            await asyncio.sleep(3600)
        return web.json_response({"event_id": self._sent[room, key]})

    async def _download(self, request: web.Request) -> web.Response:
        data = self.media.get(request.match_info["id"])
        return web.Response(body=data) if data is not None else _error(404, "M_NOT_FOUND")


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        return _error(401, "M_UNKNOWN_TOKEN")
    answer: web.StreamResponse = await handler(request)
    return answer


def _error(status: int, code: str, **more: object) -> web.Response:
    return web.json_response({"errcode": code, "error": "No.", **more}, status=status)


def _invitation() -> Json:
    member = {"type": "m.room.member", "state_key": BOT, "content": {"membership": "invite", "is_direct": True}}
    return {"invite_state": {"events": [{"type": "m.room.create", "state_key": "", "content": {}}, member]}}
