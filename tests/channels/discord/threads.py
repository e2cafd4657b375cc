"""The part of Discord's REST interface that runs threads: begun, folded away, marked, and who may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from tests.channels.discord.wire import BOT, answer, refusal

if TYPE_CHECKING:
    from tests.channels.discord.server import Server

#: Characters of a thread's name, and minutes after which one is folded away.
LONGEST, FOLDED = 100, {60, 1440, 4320, 10080}


class Folding:
    """The threads of `server`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def routes(self, api: str) -> list[web.RouteDef]:
        """Below `api`."""
        return [
            web.post(f"{api}/channels/{{channel}}/threads", self._begin),
            web.put(f"{api}/channels/{{channel}}/messages/{{message}}/reactions/{{emoji}}/@me", self._react),
            web.get(f"{api}/guilds/{{guild}}/roles", self._roles),
            web.get(f"{api}/guilds/{{guild}}/members/{{member}}", self._member),
        ]

    async def _begin(self, request: web.Request) -> web.Response:
        parent, given = self._server.channels.get(request.match_info["channel"]), await request.json()
        if parent is None:
            return refusal(404, 10003, "Unknown Channel")
        if self._server.forbidden:
            return refusal(403, 50013, "Missing Permissions")
        if not 1 <= len(given["name"]) <= LONGEST or given["auto_archive_duration"] not in FOLDED:
            return refusal(400, 50035, "Invalid Form Body")
        made = self._server.add_channel(
            type=given["type"],
            name=given["name"],
            guild_id=parent["guild_id"],
            parent_id=parent["id"],
            owner_id=BOT["id"],
            thread_metadata={"archived": False, "locked": False},
        )
        for guild in self._server.gate.guilds:
            if guild["id"] == parent["guild_id"]:
                guild["threads"].append(made)
        await self._server.gate.dispatch("THREAD_CREATE", made | {"newly_created": True})
        return answer(made, status=201)

    async def change(self, request: web.Request) -> web.Response:
        found = self._server.channels.get(request.match_info["channel"])
        if found is None:
            return refusal(404, 10003, "Unknown Channel")
        found["thread_metadata"] |= await request.json()
        await self._server.gate.dispatch("THREAD_UPDATE", found)
        return answer(found)

    async def _react(self, request: web.Request) -> web.Response:
        if request.match_info["channel"] not in self._server.channels:
            return refusal(404, 10003, "Unknown Channel")
        self._server.reactions.append((request.match_info["message"], request.match_info["emoji"]))
        return web.Response(status=204)

    async def _roles(self, _: web.Request) -> web.Response:
        return answer(self._server.roles)

    async def _member(self, request: web.Request) -> web.Response:
        if request.match_info["guild"] == self._server.boards.guild["id"]:
            return self._server.boards.member()
        return answer({"user": BOT, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00"})
