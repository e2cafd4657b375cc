"""Ann and Bob on the counterpart, each in a direct chat with the bot."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Any

from aiohttp import web

from channels.discord import Discord
from channels.discord.settings import DiscordSettings
from channels.words import Attachment, Place
from tests.channels.discord.server import Server
from tests.channels.discord.wire import BOT, TOKEN, File, Json, answer, never, refusal
from tests.channels.peer import GUESTS, Fault, Seen
from tests.samples import until

PERSONS: dict[str, Json] = {
    name: {
        "id": id_,
        "username": name,
        "discriminator": "0",
        "global_name": name.title(),
        "avatar": None,
        "public_flags": 0,
    }
    for name, id_ in zip(("ann", "bob", "eve", *GUESTS), map(str, count(200000000000000001)), strict=False)
}
#: The secret of one interaction.
INTERACTION = "aW50ZXJhY3Rpb246c2VjcmV0"


class DiscordPeer:
    """What `Peer` asks for, on a real socket."""

    edits = deletes = True

    def __init__(self) -> None:
        self.server = Server()
        self.server.meets = self._meets
        self.pause: float | None = 0.4
        self.secrets: Sequence[str] = (TOKEN, INTERACTION, "session-1")
        self.faults: dict[str, list[Fault]] = {}
        #: What the next sends to the threads of a channel meet, by its id.
        self.rooms: dict[str, list[Fault]] = {}
        #: Where a person is met, if not in the direct chat.
        self.places: dict[str, Place] = {}
        for person in PERSONS.values():
            made = self.server.add_channel(type=1, recipients=[person])
            self.server.direct[person["id"]] = made["id"]

    def channel(self, **settings: Any) -> Discord:
        both = {"api_url": self.server.address, "gateway_url": self.server.gateway}
        plain: dict[str, Any] = {"type": "discord", "token": TOKEN, **both, **settings}
        return Discord("discord", DiscordSettings(**plain))

    def place(self, person: str) -> Place:
        if person in self.places:
            return self.places[person]
        return Place(account=str(BOT["id"]), handle=PERSONS[person]["id"])

    def room(self, person: str) -> str:
        """The direct chat with the person."""
        return self.server.direct[PERSONS[person]["id"]]

    async def say(self, person: str, text: str, files: Sequence[Attachment] = ()) -> str:
        """The first word waits for the bot to be there: no bot is told later of a chat it has never heard of."""
        if not self.server.messages[self.room(person)]:
            await self.is_heard()
        return await self.say_in(self.room(person), person, text, files)

    async def is_heard(self) -> None:
        """Returns once somebody listens."""
        await until(lambda: any(session.line for session in self.server.gate.sessions.values()))

    async def say_in(self, channel: str, person: str, text: str, files: Sequence[Attachment] = (), **more: Any) -> str:
        uploaded = [self.server.upload(file.name, file.media_type, file.data) for file in files]
        message = await self.server.post(channel, PERSONS[person], text, uploaded, **more)
        return str(message["id"])

    async def repeat(self, message: str) -> None:
        found = self.server.find(message)
        await self.server.gate.dispatch("MESSAGE_CREATE", found | self.server._where(found["channel_id"]))

    async def edit(self, message: str, text: str) -> None:
        found = self.server.find(message)
        found |= {"content": text, "edited_timestamp": "2026-11-24T10:00:00.123000+00:00"}
        await self.server.gate.dispatch("MESSAGE_UPDATE", found | self.server._where(found["channel_id"]))

    async def delete(self, message: str) -> None:
        found = self.server.find(message)
        self.server.messages[found["channel_id"]].remove(found)
        gone = {"id": message, "channel_id": found["channel_id"]}
        await self.server.gate.dispatch("MESSAGE_DELETE", gone | self.server._where(found["channel_id"]))

    async def press(self, person: str, title: str) -> None:
        await self.press_in(self.room(person), person, title)

    async def press_in(self, channel: str, person: str, title: str) -> None:
        message, custom_id = next(
            (message, button["custom_id"])
            for message in reversed(self.server.messages[channel])
            for button in buttons(message)
            if button["label"] == title
        )
        await self.interact(
            channel, person, type=3, message=message, data={"component_type": 2, "custom_id": custom_id}
        )

    async def interact(self, channel: str, person: str, **what: Any) -> None:
        """The person uses a button or a command."""
        where = self.server._where(channel)
        user = {"member": {"user": PERSONS[person], "nick": None}} if where else {"user": PERSONS[person]}
        plain = {"id": self.server.snowflake(), "application_id": BOT["id"], "token": INTERACTION, "version": 1}
        both = {"channel_id": channel, "locale": "zh-CN", "entitlements": [], **where, **user}
        await self.server.gate.dispatch("INTERACTION_CREATE", plain | both | what)

    def guild(self) -> Json:
        """A guild with a channel `help` and a forum `questions`; kept for the channel until it comes."""
        made: Json = {
            "id": self.server.snowflake(),
            "name": "Exchange",
            "channels": [],
            "threads": [],
            "unavailable": False,
        }
        for kind, name in ((0, "help"), (15, "questions")):
            made["channels"].append(self.server.add_channel(type=kind, name=name, guild_id=made["id"]))
        self.server.gate.guilds.append(made)
        return made

    async def begin(self, guild: Json, parent: int, person: str, text: str) -> str:
        """The person begins a thread in a channel or a post in a forum; its id."""
        thread = self.server.add_channel(
            type=11,
            name="thread",
            guild_id=guild["id"],
            parent_id=guild["channels"][parent]["id"],
            owner_id=PERSONS[person]["id"],
            thread_metadata={"archived": False, "locked": False},
        )
        guild["threads"].append(thread)
        await self.server.gate.dispatch("THREAD_CREATE", thread | {"newly_created": True})
        await self.say_in(thread["id"], person, text)
        return str(thread["id"])

    def meet(self, person: str, channel: str) -> None:
        """From here on the person is met in this channel of a guild."""
        handle = PERSONS[person]["id"]
        self.places[person] = Place(account=str(BOT["id"]), handle=handle, thread=channel, public=True)

    def announcing(self, **settings: Any) -> Discord:
        """A channel that announces in English in an announcement channel, in Chinese in one of text."""
        boards = self.server.boards
        places = [
            {"place": boards.news["id"], "language": "en"},
            {"place": boards.text["id"], "language": "zh"},
        ]
        return self.channel(announce=places, **settings)

    def stands(self, language: str) -> Sequence[Seen]:
        """What everybody reads on the board of a language, oldest first."""
        boards = self.server.boards
        return self.seen_in({"en": boards.news, "zh": boards.text}[language]["id"])

    def forbid(self) -> None:
        """The bot may not post on the English board any more."""
        self.server.boards.forbid()

    def allow(self) -> None:
        """It may again."""
        self.server.boards.news["permission_overwrites"] = []

    async def cut(self) -> None:
        self.server.cut()

    async def outage(self, *, on: bool) -> None:
        await (self.server.refuse() if on else self.server.listen())

    def seen(self, person: str) -> Sequence[Seen]:
        return self.seen_in(self.room(person))

    def seen_in(self, channel: str) -> Sequence[Seen]:
        return [self._seen(each) for each in self.server.messages[channel] if each["author"] is BOT]

    def _seen(self, message: Json) -> Seen:
        files = [self._file(listed) for listed in message["attachments"]]
        return Seen(
            id=message["id"],
            text=message["content"].replace("**", ""),
            buttons=[button["label"] for button in buttons(message)],
            files=[(file.name, file.data) for file in files],
        )

    def _file(self, listed: Json) -> File:
        return self.server.files[listed["id"]]

    async def _meets(self, request: web.Request, channel: Json) -> web.Response | None:
        name = next((each["username"] for each in channel.get("recipients", ())), channel.get("name"))
        waiting = self.faults.get(name or "") or self.rooms.get(str(channel.get("parent_id")))
        return await self._treat(waiting.pop(0), request, channel["id"]) if waiting else None

    async def _treat(self, fault: Fault, request: web.Request, channel: str) -> web.Response:
        match fault:
            case Fault.BUSY:
                body = {"message": "You are being rate limited.", "retry_after": self.pause, "global": False}
                headers = {"Via": "1.1 google", "Retry-After": "1", "X-RateLimit-Scope": "shared"}
                return answer(body, status=429, headers=headers)
            case Fault.BROKEN:
                return web.Response(text="<html>502 Bad Gateway</html>", status=502, content_type="text/html")
            case Fault.GONE:
                return refusal(403, 50007, "Cannot send messages to this user")
            case Fault.SILENT:
                payload, files = await self.server._read(request)
                await self.server.take(channel, payload, files, {})
                await never()
        assert isinstance(request.transport, asyncio.Transport)
        request.transport.abort()
        return web.Response()


def buttons(message: Json) -> list[Json]:
    return [button for row in message["components"] for button in row["components"]]
