"""Tickets in the threads of a channel on Discord."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from channels.base import Channel
from channels.discord.staff import RIGHTS
from channels.words import Attachment
from tests.channels.desk import Thread
from tests.channels.discord.peer import PERSONS, DiscordPeer
from tests.channels.discord.wire import BOT, Json
from tests.channels.mirror import Mirrored
from tests.channels.mirror_faults import MirroredFaults
from tests.channels.peer import Fault, Seen

STAFF: dict[str, Json] = {
    name: {**PERSONS["ann"], "id": id_, "username": name, "global_name": name.title()}
    for name, id_ in (("anna", "300000000000000001"), ("ben", "300000000000000002"), ("eve", "300000000000000003"))
}
#: As Discord counts them: everything but managing the server.
MAY = sum(1 << bit for bit in (6, 10, 11, 15, 16, 34, 35, 38))


class Threads:
    """Implements `tests.channels.desk.Room`."""

    def __init__(self, peer: DiscordPeer) -> None:
        self.peer = peer
        self.faults: list[Fault] = []
        self.sources: Sequence[str] = ()
        guild = peer.guild()
        self.staff = guild["channels"][0]
        peer.server.roles = [{"id": guild["id"], "name": "@everyone", "permissions": str(MAY)}]
        #: Who is met where faults are looked up: the threads have nobody's name.
        peer.rooms = {self.staff["id"]: self.faults}

    def channel(self) -> Channel:
        agents = {int(STAFF[name]["id"]): name.title() for name in ("anna", "ben")}
        staff = {"channel": int(self.staff["id"]), "agents": agents, "from": self.sources}
        return self.peer.channel(staff=staff, solved_tag="")

    def threads(self) -> Sequence[Thread]:
        return [
            Thread(each["id"], each["name"], each["thread_metadata"]["archived"] and each["thread_metadata"]["locked"])
            for each in self.peer.server.channels.values()
            if each.get("parent_id") == self.staff["id"]
        ]

    def posts(self, thread: str) -> Sequence[Seen]:
        return self.peer.seen_in(thread)

    async def write(self, thread: str, person: str, text: str, files: Sequence[Attachment] = ()) -> str:
        return await self._write(thread, person, text, files)

    async def call(self, thread: str, person: str) -> None:
        await self._write(thread, person, f"<@{BOT['id']}> how long?", mentions=[{**BOT, "member": {}}])
        data = {"name": "ask", "options": [{"name": "question", "value": "how long?"}]}
        user = {"member": {"user": STAFF[person], "nick": None}}
        await self.peer.interact(thread or self.staff["id"], "ann", type=2, data=data, **user)

    async def repeat(self, message: str) -> None:
        await self.peer.is_heard()
        await self.peer.repeat(message)

    async def edit(self, message: str, text: str) -> None:
        await self.peer.edit(message, text)

    def answered(self, message: str) -> Sequence[str]:
        return [
            each["content"]
            for messages in self.peer.server.messages.values()
            for each in messages
            if str(each.get("message_reference", {}).get("message_id")) == message
        ]

    def marked(self, message: str) -> bool:
        return (message, "✅") in self.peer.server.reactions

    def remove(self, thread: str) -> None:
        del self.peer.server.channels[thread], self.peer.server.messages[thread]

    def allow(self, *, threads: bool) -> None:
        self.peer.server.forbidden = not threads
        denied = {"id": self.staff["guild_id"], "type": 0, "allow": "0", "deny": str(0 if threads else 1 << 35)}
        self.staff["permission_overwrites"] = [denied]

    async def _write(self, thread: str, person: str, text: str, files: Sequence[Attachment] = (), **more: Any) -> str:
        server = self.peer.server
        uploaded = [server.upload(file.name, file.media_type, file.data) for file in files]
        message = await server.post(thread or self.staff["id"], STAFF[person], text, uploaded, **more)
        return str(message["id"])


@pytest.fixture
def room(peer: DiscordPeer) -> Threads:
    return Threads(peer)


class TestDiscord(Mirrored, MirroredFaults):
    """With threads."""


async def test_login_names_each_right_that_is_missing(room: Threads, peer: DiscordPeer) -> None:
    """As Discord reckons them: roles, what the channel takes and gives; an administrator may everything."""
    guild, staff = room.staff["guild_id"], room.staff
    assert await room.channel().connect() == []
    everybody = {"id": guild, "name": "@everyone", "permissions": "0"}
    peer.server.roles = [everybody]
    assert len(await room.channel().connect()) == len(RIGHTS)
    staff["permission_overwrites"] = [{"id": BOT["id"], "type": 1, "allow": str(MAY), "deny": "0"}]
    assert await room.channel().connect() == []
    staff["permission_overwrites"] = [{"id": guild, "type": 0, "allow": "0", "deny": str(1 << 34)}]
    peer.server.roles = [{**everybody, "permissions": str(MAY)}]
    assert ["Manage Threads" in reason for reason in await room.channel().connect()] == [True]
    peer.server.roles = [{**everybody, "permissions": str(1 << 3)}]
    assert await room.channel().connect() == []
    staff["type"] = 15
    assert ["text channels only" in reason for reason in await room.channel().connect()] == [True]
    del peer.server.channels[staff["id"]]
    assert ["cannot see it" in reason for reason in await room.channel().connect()] == [True]
