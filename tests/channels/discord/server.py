"""A counterpart of Discord's REST interface, with its limits, its errors, and a gateway beside it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.channels.discord.boards import Boards
from tests.channels.discord.forum import Guilds
from tests.channels.discord.line import Gate
from tests.channels.discord.threads import Folding
from tests.channels.discord.wire import BOT, EPOCH, TOKEN, File, Json, answer, refusal

Meets = Callable[[web.Request, Json], Awaitable[web.Response | None]]


class Server:
    """Channels with their messages. `meets` decides what a send meets; None is the plain course of things."""

    def __init__(self) -> None:
        self.application: Json = {
            "id": BOT["id"],
            "name": "Frontdesk",
            "icon": None,
            "description": "",
            "summary": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "00",
            "flags": 1 << 19,
            "owner": {"id": "1", "username": "owner", "discriminator": "0", "avatar": None},
            "team": None,
        }
        self.gate = Gate(TOKEN, self.application, BOT)
        self.guilds = Guilds(self)
        self.channels: dict[str, Json] = {}
        self.messages: dict[str, list[Json]] = {}
        self.files: dict[str, File] = {}
        self.direct: dict[str, str] = {}
        #: Answers to interactions, messages in private, commands announced, signals shown.
        self.callbacks: list[tuple[str, Json]] = []
        #: Seconds until an answer to an interaction is taken.
        self.slowness = 0.0
        self.followups: list[tuple[str, Json]] = []
        self.commands: list[Json] = []
        self.typing: list[str] = []
        self.requests: list[str] = []
        #: Sends a channel takes in so many seconds.
        self.bucket: tuple[int, float] = (5, 0.5)
        self.meets: Meets | None = None
        #: What each role may, and the bot's marks under messages.
        self.roles: list[Json] = []
        #: Whether the bot may begin no threads.
        self.forbidden = False
        self.reactions: list[tuple[str, str]] = []
        #: Whether a history tells the nonce.
        self.tells_nonce = False
        self._windows: dict[str, tuple[float, int]] = {}
        self._last = 0
        self._runner: web.AppRunner | None = None
        self.port = 0
        self.boards = Boards(self)
        self.folding = Folding(self)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v10"

    @property
    def gateway(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway"

    async def start(self) -> None:
        app = web.Application(middlewares=[self._door], client_max_size=30_000_000)
        api = "/api/v10"
        app.add_routes(
            [
                web.get("/gateway", self.gate.handle),
                web.get("/gateway/", self.gate.handle),
                web.get("/attachments/{id}/{name}", self._file),
                web.get(f"{api}/users/@me", self._me),
                web.post(f"{api}/users/@me/channels", self._open),
                web.get(f"{api}/oauth2/applications/@me", self._application),
                web.get(f"{api}/gateway/bot", self._gateway),
                *self.guilds.routes(api),
                web.put(f"{api}/applications/{{id}}/commands", self._commands),
                web.get(f"{api}/channels/{{channel}}", self._channel),
                web.get(f"{api}/channels/{{channel}}/messages", self._history),
                web.post(f"{api}/channels/{{channel}}/messages", self._send),
                web.post(f"{api}/channels/{{channel}}/typing", self._typing),
                *self.folding.routes(api),
                web.post(f"{api}/interactions/{{id}}/{{token}}/callback", self._callback),
                web.post(f"{api}/webhooks/{{id}}/{{token}}", self._followup),
                *self.boards.routes(),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.listen()

    async def listen(self) -> None:
        assert self._runner
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self.port or self._runner.addresses[0][1]
        self.gate.address = self.gateway

    async def refuse(self) -> None:
        """Nobody is let in any more, and whoever is in is put out."""
        assert self._runner
        for site in list(self._runner.sites):
            await site.stop()
        self.cut()

    def cut(self) -> None:
        assert self._runner
        assert self._runner.server
        for connection in list(self._runner.server.connections):
            if connection.transport:
                connection.transport.abort()

    async def stop(self) -> None:
        assert self._runner
        self.cut()
        await self._runner.cleanup()

    def snowflake(self) -> str:
        self._last = max((int(time.time() * 1000) - EPOCH) << 22, self._last + 1)
        return str(self._last)

    async def post(
        self, channel: str, author: Json, content: str, files: list[File] | None = None, **more: Any
    ) -> Json:
        """A message is there, and every session is told."""
        message = self._written(channel, author, content, files or [], more)
        self.messages[channel].append(message)
        await self.gate.dispatch("MESSAGE_CREATE", message | self._where(channel))
        return message

    def upload(self, name: str, media_type: str, data: bytes) -> File:
        file = File(self.snowflake(), name, media_type, data)
        self.files[file.id] = file
        return file

    def find(self, id_: str) -> Json:
        return next(each for messages in self.messages.values() for each in messages if each["id"] == id_)

    def add_channel(self, **channel: Any) -> Json:
        made = {"id": self.snowflake(), "flags": 0, "last_message_id": None, **channel}
        self.channels[made["id"]] = made
        self.messages[made["id"]] = []
        return made

    def _where(self, channel: str) -> Json:
        guild = self.channels[channel].get("guild_id")
        return {"guild_id": guild} if guild else {}

    def _written(self, channel: str, author: Json, content: str, files: list[File], more: Json) -> Json:
        id_ = self.snowflake()
        sent = datetime.fromtimestamp(((int(id_) >> 22) + EPOCH) / 1000, UTC).isoformat()
        return {
            "id": id_,
            "type": 0,
            "channel_id": channel,
            "author": author,
            "content": content,
            "timestamp": sent,
            "edited_timestamp": None,
            "attachments": [self._listed(file) for file in files],
            "embeds": [],
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "pinned": False,
            "tts": False,
            "flags": 0,
            "components": [],
            **more,
        }

    def _listed(self, file: File) -> Json:
        url = f"http://127.0.0.1:{self.port}/attachments/{file.id}/{file.name}?ex=66f0&is=66ef&hm=aa"
        listed = {"id": file.id, "filename": file.name, "size": len(file.data), "url": url, "proxy_url": url}
        return {**listed, "content_type": file.media_type}

    @web.middleware
    async def _door(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path}")
        secret = request.path.startswith(("/gateway", "/attachments")) or "/webhooks/" in request.path
        if not secret and request.headers.get("Authorization") != f"Bot {TOKEN}":
            return refusal(401, 0, "401: Unauthorized")
        return await handler(request)

    async def _me(self, _: web.Request) -> web.Response:
        return answer(BOT)

    async def _application(self, _: web.Request) -> web.Response:
        return answer(self.application)

    async def _gateway(self, _: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
        return answer({"url": self.gateway, "shards": 1, "session_start_limit": limit})

    async def _commands(self, request: web.Request) -> web.Response:
        self.commands = await request.json()
        return answer(self.commands)

    async def _open(self, request: web.Request) -> web.Response:
        return answer(self.channels[self.direct[(await request.json())["recipient_id"]]])

    async def _channel(self, request: web.Request) -> web.Response:
        found = self.channels.get(request.match_info["channel"])
        return answer(found) if found else refusal(404, 10003, "Unknown Channel")

    async def _file(self, request: web.Request) -> web.Response:
        file = self.files.get(request.match_info["id"])
        return web.Response(body=file.data, content_type=file.media_type) if file else web.Response(status=404)

    async def _typing(self, request: web.Request) -> web.Response:
        self.typing.append(request.match_info["channel"])
        return web.Response(status=204)

    async def _callback(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.slowness)
        self.callbacks.append((request.match_info["token"], await request.json()))
        return web.Response(status=204)

    async def _followup(self, request: web.Request) -> web.Response:
        payload = await request.json()
        if request.match_info["token"] not in dict(self.callbacks):
            return refusal(404, 10015, "Unknown Webhook")
        self.followups.append((request.match_info["token"], payload))
        return answer({"id": self.snowflake(), **payload})

    async def _history(self, request: web.Request) -> web.Response:
        channel = request.match_info["channel"]
        if channel not in self.messages:
            return refusal(404, 10003, "Unknown Channel")
        after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 50))
        found = [each for each in self.messages[channel] if int(each["id"]) > after][:limit]
        hidden = () if self.tells_nonce else ("nonce",)
        return answer([{key: each[key] for key in each if key not in hidden} for each in reversed(found)])

    async def _send(self, request: web.Request) -> web.Response:
        channel = request.match_info["channel"]
        if channel not in self.messages:
            return refusal(404, 10003, "Unknown Channel")
        if self.meets and (met := await self.meets(request, self.channels[channel])):
            return met
        if refused := self.boards.refused(channel):
            return refused
        left, headers = self._take(channel)
        if left < 0:
            body = {"message": "You are being rate limited.", "retry_after": self.bucket[1], "global": False}
            return answer(body, status=429, headers={**headers, "Via": "1.1 google", "Retry-After": "1"})
        payload, files = await self._read(request)
        return await self.take(channel, payload, files, headers)

    async def take(self, channel: str, payload: Json, files: list[File], headers: Json) -> web.Response:
        """What Discord does with a message that it takes: looks at it, and shows it once."""
        content = payload.get("content") or ""
        if len(content) > 2000:
            return refusal(400, 50035, "Invalid Form Body")
        if not content.strip() and not files:
            return refusal(400, 50006, "Cannot send an empty message")
        if len(str(payload.get("nonce", ""))) > 25:
            return refusal(400, 50035, "Invalid Form Body")
        if payload.get("enforce_nonce"):
            same = [each for each in self.messages[channel] if each.get("nonce") == payload["nonce"]]
            if same:
                return answer(same[0], headers=headers)
        kept = ("nonce", "components", "message_reference", "allowed_mentions")
        more = {key: payload[key] for key in kept if key in payload}
        if answered := more.get("message_reference"):
            # Ids come back as strings, however they were sent.
            more["message_reference"] = {key: str(id_) for key, id_ in answered.items() if key.endswith("_id")}
        return answer(await self.post(channel, BOT, content.strip(), files, **more), headers=headers)

    async def _read(self, request: web.Request) -> tuple[Json, list[File]]:
        if request.content_type == "application/json":
            return await request.json(), []
        form = await request.post()
        payload = json.loads(str(form["payload_json"]))
        files = []
        for listed in payload["attachments"]:
            part = form[f"files[{listed['id']}]"]
            assert isinstance(part, web.FileField)
            with part.file as file:
                files.append(self.upload(listed["filename"], "application/octet-stream", file.read()))
        return payload, files

    def _take(self, channel: str) -> tuple[int, Json]:
        limit, seconds = self.bucket
        begun, used = self._windows.get(channel, (0.0, 0))
        now = time.monotonic()
        if now - begun > seconds:
            begun, used = now, 0
        self._windows[channel] = (begun, used + 1)
        left, reset = limit - used - 1, begun + seconds - now
        return left, {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(left, 0)),
            "X-RateLimit-Reset": f"{time.time() + reset:.3f}",
            "X-RateLimit-Reset-After": f"{reset:.3f}",
            "X-RateLimit-Bucket": "d721dea6054f6322373d361f98e5c38b",
        }
