"""Guilds, their forums and the tags of posts, as Discord's REST interface has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from tests.channels.discord.wire import answer, refusal

if TYPE_CHECKING:
    from tests.channels.discord.server import Server

MANAGE_THREADS = 1 << 34


class Guilds:
    """What may be changed in them, and how often it was."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.permissions = MANAGE_THREADS
        #: Answers of a status that the next changes meet.
        self.meets: list[int] = []
        self.changes = 0

    def routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.get(f"{api}/users/@me/guilds", self._list),
            web.get(f"{api}/guilds/{{guild}}/channels", self._channels),
            web.patch(f"{api}/channels/{{channel}}", self._change),
        ]

    async def _list(self, _: web.Request) -> web.Response:
        known = self._server.gate.guilds
        return answer(
            [{"id": each["id"], "name": each["name"], "permissions": str(self.permissions)} for each in known]
        )

    async def _channels(self, request: web.Request) -> web.Response:
        wanted = request.match_info["guild"]
        found = [each for each in self._server.gate.guilds if each["id"] == wanted]
        return answer(found[0]["channels"]) if found else refusal(403, 50001, "Missing Access")

    async def _change(self, request: web.Request) -> web.Response:
        if self.meets:
            return refusal(self.meets.pop(0), 0, "no")
        post = self._server.channels.get(request.match_info["channel"])
        change = await request.json()
        if post is None or "applied_tags" not in change:
            return await self._server.folding.change(request)
        known = [tag["id"] for tag in self._server.channels[post["parent_id"]].get("available_tags", ())]
        tags = change.get("applied_tags", [])
        if len(tags) > 5 or not set(tags) <= set(known):
            return refusal(400, 50035, "Invalid Form Body")
        if not self.permissions & MANAGE_THREADS:
            return refusal(403, 50013, "Missing Permissions")
        if post["thread_metadata"]["archived"] and change.get("archived") is not False:
            return refusal(400, 50083, "Thread is archived")
        post["thread_metadata"]["archived"] = False
        post["applied_tags"] = tags
        self.changes += 1
        return answer(post)
