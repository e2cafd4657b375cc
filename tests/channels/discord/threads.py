"""The part of Discord's REST interface that runs threads: begun, folded away, marked, and who may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from tests.channels.discord.wire import BOT, answer, refusal

if TYPE_CHECKING:
    from tests.channels.discord.server import Server

#: Characters of a thread's name, and minutes after which one is folded away.
LONGEST, FOLDED = 100, {60, 1440, 4320, 10080}


def routes(server: Server, api: str) -> list[web.RouteDef]:
    """For `server`, below `api`."""

    async def begin(request: web.Request) -> web.Response:
        parent, given = server.channels.get(request.match_info["channel"]), await request.json()
        if parent is None:
            return refusal(404, 10003, "Unknown Channel")
        if not 1 <= len(given["name"]) <= LONGEST or given["auto_archive_duration"] not in FOLDED:
            return refusal(400, 50035, "Invalid Form Body")
        made = server.add_channel(
            type=given["type"],
            name=given["name"],
            guild_id=parent["guild_id"],
            parent_id=parent["id"],
            owner_id=BOT["id"],
            thread_metadata={"archived": False, "locked": False},
        )
        for guild in server.gate.guilds:
            if guild["id"] == parent["guild_id"]:
                guild["threads"].append(made)
        await server.gate.dispatch("THREAD_CREATE", made | {"newly_created": True})
        return answer(made, status=201)

    async def change(request: web.Request) -> web.Response:
        found = server.channels.get(request.match_info["channel"])
        if found is None:
            return refusal(404, 10003, "Unknown Channel")
        found["thread_metadata"] |= await request.json()
        await server.gate.dispatch("THREAD_UPDATE", found)
        return answer(found)

    async def react(request: web.Request) -> web.Response:
        if request.match_info["channel"] not in server.channels:
            return refusal(404, 10003, "Unknown Channel")
        server.reactions.append((request.match_info["message"], request.match_info["emoji"]))
        return web.Response(status=204)

    async def roles(_: web.Request) -> web.Response:
        return answer(server.roles)

    async def member(_: web.Request) -> web.Response:
        return answer({"user": BOT, "roles": server.own_roles, "joined_at": "2026-01-01T00:00:00+00:00"})

    return [
        web.post(f"{api}/channels/{{channel}}/threads", begin),
        web.patch(f"{api}/channels/{{channel}}", change),
        web.put(f"{api}/channels/{{channel}}/messages/{{message}}/reactions/{{emoji}}/@me", react),
        web.get(f"{api}/guilds/{{guild}}/roles", roles),
        web.get(f"{api}/guilds/{{guild}}/members/{{member}}", member),
    ]
