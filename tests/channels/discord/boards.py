"""A guild with a text channel and an announcement channel, and what the bot may do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from tests.channels.discord.wire import BOT, Json, answer, refusal

if TYPE_CHECKING:
    from tests.channels.discord.server import Server

VIEW, SEND, ATTACH, HISTORY = 1 << 10, 1 << 11, 1 << 15, 1 << 16
OWNER = "300000000000000001"
API = "/api/v10/channels/{channel}/messages/{message}"


class Boards:
    """Public places of one server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.guild: Json = {"id": server.snowflake(), "name": "Exchange", "owner_id": OWNER}
        self.role: Json = {"id": server.snowflake(), "name": "bots", "permissions": str(SEND | ATTACH)}
        everyone = {"id": self.guild["id"], "name": "@everyone", "permissions": str(VIEW | HISTORY)}
        self.guild["roles"] = [everyone, self.role]
        self.news = server.add_channel(type=5, name="en", guild_id=self.guild["id"], permission_overwrites=[])
        self.text = server.add_channel(type=0, name="zh", guild_id=self.guild["id"], permission_overwrites=[])
        #: Ids of the messages that were passed on.
        self.passed_on: list[str] = []
        #: What was asked for in each edit.
        self.edits: list[Json] = []
        #: What passing on meets, once each.
        self.refusals: list[web.Response] = []

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v10/guilds/{guild}", self._guild),
            web.patch(API, self._edit),
            web.delete(API, self._delete),
            web.post(f"{API}/crosspost", self._pass_on),
        ]

    def forbid(self) -> None:
        """Nobody but owners may write in the announcement channel."""
        denied = {"id": self.role["id"], "type": 0, "allow": "0", "deny": str(SEND)}
        self.news["permission_overwrites"] = [denied]

    def refused(self, channel: str) -> web.Response | None:
        """What a post there meets where the bot may not write."""
        if channel == self.news["id"] and self.news["permission_overwrites"]:
            return refusal(403, 50013, "Missing Permissions")
        return None

    async def _guild(self, request: web.Request) -> web.Response:
        known = request.match_info["guild"] == self.guild["id"]
        return answer(self.guild) if known else refusal(404, 10004, "Unknown Guild")

    def member(self) -> web.Response:
        """What the bot is in the guild."""
        return answer({"user": BOT, "roles": [self.role["id"]], "joined_at": "2026-01-01T00:00:00+00:00"})

    def _find(self, request: web.Request) -> Json | None:
        messages = self._server.messages.get(request.match_info["channel"], [])
        return next((each for each in messages if each["id"] == request.match_info["message"]), None)

    async def _edit(self, request: web.Request) -> web.Response:
        found = self._find(request)
        if found is None:
            return refusal(404, 10008, "Unknown Message")
        asked = await request.json()
        self.edits.append(asked)
        content = asked.get("content") or ""
        if len(content) > 2000 or not (content or found["attachments"]):
            return refusal(400, 50035, "Invalid Form Body")
        found |= {"content": content.strip(), "edited_timestamp": "2026-11-24T10:00:00.123000+00:00"}
        if "attachments" in asked:
            kept = {listed["id"] for listed in asked["attachments"]}
            found["attachments"] = [listed for listed in found["attachments"] if listed["id"] in kept]
        return answer(found)

    async def _delete(self, request: web.Request) -> web.Response:
        found = self._find(request)
        if found is None:
            return refusal(404, 10008, "Unknown Message")
        self._server.messages[found["channel_id"]].remove(found)
        return web.Response(status=204)

    async def _pass_on(self, request: web.Request) -> web.Response:
        found = self._find(request)
        if self.refusals:
            return self.refusals.pop(0)
        if found is None or found["channel_id"] != self.news["id"]:
            return refusal(400, 50024, "Cannot execute action on this channel type")
        if found["id"] in self.passed_on:
            return refusal(400, 40033, "This message has already been crossposted.")
        self.passed_on.append(found["id"])
        return answer(found)
