"""Tickets in the topics of a group on Telegram."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest

from bot.app import App
from bot.conversation import Content
from bot.settings import DatabaseSection, Settings
from bot.store.database import Database
from bot.store.mirror_tables import StaffSaid
from bot.store.tables import File
from channels.base import Channel
from channels.words import Attachment
from tests.channels.contract import FILES
from tests.channels.desk import Desk, Thread
from tests.channels.mirror import Mirrored
from tests.channels.mirror_faults import MirroredFaults
from tests.channels.peer import Seen
from tests.channels.telegram.boards import Refused
from tests.channels.telegram.forum import GROUP
from tests.channels.telegram.platform import Platform
from tests.channels.telegram.server import USERNAME, Json
from tests.samples import escalated, rows, until

STAFF = {
    "anna": {"id": 4711, "is_bot": False, "first_name": "Anna"},
    "ben": {"id": 4712, "is_bot": False, "first_name": "Ben"},
    "eve": {"id": 4713, "is_bot": False, "first_name": "Eve"},
}


class Forum:
    """Implements `tests.channels.desk.Room`."""

    def __init__(self, peer: Platform) -> None:
        self.peer = peer
        self.faults = peer.faults[""] = []
        self.sources: Sequence[str] = ()

    def channel(self) -> Channel:
        agents = {4711: "Anna", 4712: "Ben"}
        return self.peer.channel(staff={"group": GROUP, "agents": agents, "from": self.sources})

    def threads(self) -> Sequence[Thread]:
        return [Thread(str(topic.id), topic.name, topic.closed) for topic in self.peer.server.forum.topics.values()]

    def posts(self, thread: str) -> Sequence[Seen]:
        return [
            Seen(str(posted.id), posted.text, (), posted.files)
            for posted in self.peer.server.posted
            if (posted.chat, posted.topic) == (GROUP, int(thread))
        ]

    async def write(self, thread: str, person: str, text: str, files: Sequence[Attachment] = ()) -> str:
        if not files:
            return await self.peer.write(self.message(thread, person, text=text))
        album = {"media_group_id": "77"} if len(files) > 1 else {}
        names = [
            await self.peer.write(
                self.message(thread, person, **self.peer.upload(file), **album, **({} if number else {"caption": text}))
            )
            for number, file in enumerate(files)
        ]
        return names[0]

    def message(self, thread: str, person: str, **content: Any) -> Json:
        """What somebody writes in the group, as Telegram tells it: in a topic each message seems to answer its head."""
        topic = {
            "message_thread_id": int(thread or 0),
            "is_topic_message": True,
            "reply_to_message": {
                "message_id": int(thread or 0),
                "from": self.peer.server.me,
                "chat": {"id": GROUP, "type": "supergroup"},
                "date": 1,
            },
        }
        return {
            "message_id": self.peer.server.number(),
            "from": STAFF[person],
            "chat": {"id": GROUP, "type": "supergroup", "is_forum": True},
            "date": int(time.time()),
            **(topic if thread else {}),
            **content,
        }

    async def call(self, thread: str, person: str) -> None:
        text = f"@{USERNAME} how long does a withdrawal take?"
        entities = [{"type": "mention", "offset": 0, "length": len(USERNAME) + 1}]
        await self.peer.write(self.message(thread, person, text=text, entities=entities))
        command = [{"type": "bot_command", "offset": 0, "length": 6}]
        await self.peer.write(self.message("", person, text="/human", entities=command))

    async def repeat(self, message: str) -> None:
        await self.peer.repeat(message)

    async def edit(self, message: str, text: str) -> None:
        await self.peer.edit(message, text)

    def answered(self, message: str) -> Sequence[str]:
        number = int(message.partition(":")[2])
        return [posted.text for posted in self.peer.server.posted if posted.answers == number]

    def marked(self, message: str) -> bool:
        return int(message.partition(":")[2]) in self.peer.server.forum.reactions

    def remove(self, thread: str) -> None:
        del self.peer.server.forum.topics[int(thread)]

    def allow(self, *, threads: bool) -> None:
        self.peer.server.forum.member["can_manage_topics"] = threads


@pytest.fixture
def room(peer: Platform) -> Forum:
    return Forum(peer)


async def test_whole_way_on_one_platform(
    peer: Platform, sqlite: Database, settings: Settings, content: Content
) -> None:
    """Ann asks for a human in private, Anna answers in the topic, Ann writes back, Anna solves it."""
    room = Forum(peer)
    where = settings.model_copy(update={"database": DatabaseSection(url=sqlite.url)})
    app = App(where, content, {"telegram": room.channel()}, None)
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    await peer.say("ann", "talk to a human")
    await until(lambda: room.threads() and room.posts(room.threads()[0].id))
    topic = room.threads()[0].id
    await room.write(topic, "anna", "Hello Ann!")
    await until(lambda: "Hello Ann!" in [seen.text for seen in peer.seen("ann")])
    await peer.say("ann", "hello? is it you?")
    await until(lambda: any("is it you?" in seen.text for seen in room.posts(topic)))
    await room.write(topic, "anna", "/solve")
    await until(lambda: room.threads()[0].closed)
    await until(lambda: "is solved" in peer.seen("ann")[-1].text)
    stop.set()
    await running
    assert "Anna" in peer.seen("ann")[-3].text
    assert len(peer.seen("ann")) == 4


async def test_login_names_what_is_missing(room: Forum, peer: Platform) -> None:
    """Topics, the right to manage them, and the group itself."""
    forum = peer.server.forum
    assert await room.channel().connect() == []
    forum.chat["is_forum"] = False
    forum.member = {"status": "member"}
    no_topics, no_right = await room.channel().connect()
    assert "no topics" in no_topics
    assert "manage topics" in no_right
    peer.server.refusals["getChat"] = [Refused(400, "Bad Request: chat not found")]
    assert ["add it to the group" in reason for reason in await room.channel().connect()] == [True]


class TestTelegram(Mirrored, MirroredFaults):
    """With topics."""

    async def test_album_is_one_answer(self, desk: Desk, room: Forum) -> None:
        """Its pictures go with its words."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            await desk.room.write(thread.id, "anna", "Like these.", [FILES[0], FILES[0]])
            await until(lambda: desk.answers() == ["Like these."])
        assert len(rows(desk.database, File)) == 2

    async def test_file_that_cannot_be_had_keeps_the_answer_back(self, desk: Desk, room: Forum) -> None:
        """The person would get words about a file that is not there; the agent is told instead."""
        escalated(desk.database)
        large = {"file_id": "f", "file_unique_id": "f", "file_name": "big.zip", "file_size": 30_000_000}
        async with desk.open():
            thread = await desk.thread()
            message = room.message(thread.id, "anna", caption="See the file.", document=large)
            wrote = await room.peer.write(message)
            await until(lambda: desk.room.answered(wrote))
        assert "big.zip" in desk.room.answered(wrote)[0]
        assert desk.answers() == []

    async def test_who_hides_is_no_agent(self, desk: Desk, room: Forum) -> None:
        """An anonymous administrator is told so; another bot is never heard; a command to it is not ours."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            hidden = {"from": {"id": 1087968824, "is_bot": True, "first_name": "Group"}, "sender_chat": {"id": GROUP}}
            wrote = await room.peer.write(room.message(thread.id, "anna", text="Hello", **hidden))
            other = {"from": {"id": 99, "is_bot": True, "first_name": "Other"}}
            await room.peer.write(room.message(thread.id, "anna", text="beep", **other))
            await desk.room.write(thread.id, "anna", "/solve@OtherBot")
            await desk.room.write(thread.id, "anna", f"/take@{USERNAME}")
            await until(lambda: "taken" in desk.kinds() and desk.room.answered(wrote))
        assert "not listed" in desk.room.answered(wrote)[0]
        assert desk.kinds() == ["opened", "taken"]
        assert len(rows(desk.database, StaffSaid)) == 2
