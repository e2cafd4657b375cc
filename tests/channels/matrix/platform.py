"""Matrix with Ann and Bob, as the contract's suite meets it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from channels import channel_class
from channels.base import Channel
from channels.words import Attachment, Place
from tests.channels.matrix.server import BOT, TOKEN, Json, Server
from tests.channels.peer import Fault, Seen


class Platform:
    """Implements `tests.channels.peer.Peer`."""

    edits = deletes = True
    secrets: Sequence[str] = (TOKEN,)

    def __init__(self, type_: str) -> None:
        self._type = type_
        self.server = Server(self._fault)
        self.faults: dict[str, list[Fault]] = {}
        self._names = count()

    @property
    def pause(self) -> float | None:
        return self.server.pause

    @pause.setter
    def pause(self, seconds: float | None) -> None:
        self.server.pause = seconds

    def channel(self) -> Channel:
        kind = channel_class(self._type)
        homeserver = f"http://127.0.0.1:{self.server.port}"
        written = {"type": self._type, "homeserver": homeserver, "user_id": BOT, "access_token": TOKEN}
        return kind("matrix", kind.Settings.model_validate(written))

    def place(self, person: str) -> Place:
        return Place(account=BOT, handle=f"@{person}:example.org", thread=f"!{person}:example.org")

    async def say(self, person: str, text: str, files: Sequence[Attachment] = ()) -> str:
        """The first file carries the text; the others have none."""
        said = "" if files else await self.happen(person, {"msgtype": "m.text", "body": text})
        for file in files:
            content = self._file(file) | ({"filename": file.name, "body": text} if file is files[0] else {})
            said = await self.happen(person, content)
        return said

    async def happen(self, person: str, content: Json) -> str:
        return await self.server.happen(person, {"type": "m.room.message", "content": content})

    async def repeat(self, message: str) -> None:
        room, event = self._event(message)
        await self.server.tell(room, event)

    async def edit(self, message: str, text: str) -> None:
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": message}
        content = {**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": relation}
        await self.happen(self._person(message), content)

    async def delete(self, message: str) -> None:
        self._event(message)[1]["content"] = {}
        await self.server.happen(self._person(message), {"type": "m.room.redaction", "content": {"redacts": message}})

    async def press(self, person: str, title: str) -> None:
        raise NotImplementedError("Matrix has no buttons")

    async def cut(self) -> None:
        self.server.gate.abort()

    async def outage(self, *, on: bool) -> None:
        self.server.gate.closed = on

    def seen(self, person: str) -> Sequence[Seen]:
        room = self.server.rooms.get(person)
        said = [event for where, event in self.server.events if where == room and event["sender"] == BOT]
        return [
            Seen(event["event_id"], event["content"]["body"]) for event in said if event["type"] == "m.room.message"
        ]

    def _fault(self, person: str) -> Fault | None:
        waiting = self.faults.get(person)
        return waiting.pop(0) if waiting else None

    def _file(self, file: Attachment) -> Json:
        name = str(next(self._names))
        self.server.media[name] = file.data
        kind = {"image": "m.image", "audio": "m.audio"}.get(file.media_type.partition("/")[0], "m.file")
        info = {"mimetype": file.media_type, "size": len(file.data)}
        return {"msgtype": kind, "body": file.name, "url": f"mxc://example.org/{name}", "info": info}

    def _event(self, message: str) -> tuple[str, Json]:
        return next((room, event) for room, event in self.server.events if event["event_id"] == message)

    def _person(self, message: str) -> str:
        room = self._event(message)[0]
        return next(person for person, where in self.server.rooms.items() if where == room)
