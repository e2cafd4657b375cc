"""What the account posts by itself: pictures are uploaded first, posts are taken back, and none can be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.channels.peer import Fault
from tests.channels.x.counting import counted
from tests.channels.x.world import linked

if TYPE_CHECKING:
    from tests.channels.x.server import Server

FORBIDDEN = {
    "detail": "You are not permitted to perform this action.",
    "type": "about:blank",
    "title": "Forbidden",
    "status": 403,
}
MISSING = {"title": "Not Found Error", "detail": "Could not find tweet.", "type": "about:blank", "status": 404}


class Timeline:
    """The posts of one server's account that answer nobody."""

    def __init__(self, server: Server) -> None:
        self._server = server
        #: Pictures by id, those uploaded and not yet posted too.
        self.pictures: dict[str, tuple[str, bytes]] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/2/media/upload", self._upload),
            web.delete("/2/tweets/{id}", self._delete),
        ]

    def posts(self) -> list[dict[str, Any]]:
        """Those that answer nobody, oldest first."""
        return [one for one in self._server.posts if "referenced_tweets" not in one]

    async def post(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        """A post as X takes it."""
        fault = await self._server._fault(request, "9000", FORBIDDEN)
        if isinstance(fault, web.StreamResponse):
            return fault
        if counted(body["text"]) > 280:
            return web.json_response({"detail": "Your Tweet text is too long.", "status": 400}, status=400)
        made: dict[str, Any] = {"id": self._server.new_id(), "author_id": "9000", "text": body["text"]}
        if media := body.get("media", {}).get("media_ids"):
            if not set(media) <= self.pictures.keys():
                return web.json_response({"detail": "Your media IDs are invalid.", "status": 400}, status=400)
            made |= {"attachments": {"media_keys": [f"3_{id_}" for id_ in media]}}
            made["text"] += f" https://t.co/{made['id'][-10:]}"
        self._server.posts.append(linked(made, self._server.short))
        if fault is Fault.SILENT:
            await self._server.never()
        return web.json_response({"data": {"id": made["id"], "text": made["text"]}}, status=201)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        media = form["media"]
        if not isinstance(media, web.FileField) or form["media_category"] not in ("tweet_image", "tweet_gif"):
            return web.json_response({"detail": "One or more parameters are invalid.", "status": 400}, status=400)
        with media.file as file:
            data = file.read()
        id_ = self._server.new_id()
        self.pictures[id_] = (media.filename, data)
        told = {"id": id_, "media_key": f"3_{id_}", "size": len(data), "expires_after_secs": 86400}
        return web.json_response({"data": told})

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        found = next((one for one in self._server.posts if one["id"] == request.match_info["id"]), None)
        if found is None:
            return web.json_response(MISSING, status=404)
        self._server.posts.remove(found)
        return web.json_response({"data": {"deleted": True}})
