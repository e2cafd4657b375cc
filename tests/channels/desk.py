"""A desk with a staff room on a platform: customers on a channel in memory, agents in threads on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.conversation import Content, Conversations
from bot.delivery import Delivery
from bot.files import Files
from bot.host import ChannelHost
from bot.mirror import Mirrors
from bot.settings import DeliverySection, Settings
from bot.staff import Staff
from bot.states import States
from bot.store import handling
from bot.store.database import Database
from bot.store.tables import Message, Ticket, TicketEvent
from channels.base import Channel
from channels.memory import Memory
from channels.words import Attachment, Author
from tests.channels.house import PATIENCE
from tests.channels.peer import Fault, Seen
from tests.floor import Mind
from tests.samples import NOW, answer, inbound, notice, rows, until


@dataclass
class Thread:
    """A thread as staff see it."""

    id: str
    title: str
    closed: bool


class Room(Protocol):
    """A staff room with the agents `anna` and `ben`; `eve` is let in, but is no agent."""

    #: What the next sends to the room meet, one each.
    faults: list[Fault]
    #: The channels whose tickets are shown; empty for all.
    sources: Sequence[str]

    def channel(self) -> Channel:
        """A new channel with this staff room."""

    def threads(self) -> Sequence[Thread]:
        """Oldest first."""

    def posts(self, thread: str) -> Sequence[Seen]:
        """Everything of ours in a thread, oldest first."""

    async def write(self, thread: str, person: str, text: str, files: Sequence[Attachment] = ()) -> str:
        """Somebody writes in a thread; "" for the room itself. The id of what they wrote."""

    async def call(self, thread: str, person: str) -> None:
        """Somebody names the bot, as a customer would in public."""

    async def repeat(self, message: str) -> None:
        """The platform delivers it again."""

    async def edit(self, message: str, text: str) -> None:
        """Whoever wrote it changes it."""

    def answered(self, message: str) -> Sequence[str]:
        """What of ours answers a message."""

    def marked(self, message: str) -> bool:
        """Whether it bears our mark."""

    def remove(self, thread: str) -> None:
        """Staff delete a thread."""

    def allow(self, *, threads: bool) -> None:
        """Whether the bot may open any."""


@dataclass
class Desk:
    """Frontdesk, which can be stopped and built anew over the same database."""

    room: Room
    database: Database
    settings: Settings
    content: Content
    folder: Path

    def __post_init__(self) -> None:
        self.customers = Memory()
        self.files = Files(self.folder / "files")
        self.states = States(self.database)
        #: What the rooms complained of.
        self.troubles: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """While everything runs."""
        channel = self.room.channel()
        channels: dict[str, Channel] = {"memory": self.customers, channel.name: channel}
        talks = Conversations(self.database, self.content, Mind(), self.settings, channels)
        section = DeliverySection(attempts=2, timeout_seconds=PATIENCE)
        mirrors = Mirrors(self.database, channels, self.files, self.content.answers, section, self._trouble)
        agents = {channel.name: channel.staff.agents} if channel.staff else {}
        staff = Staff(self.database, self.files, self.content.answers, agents, mirrors.nudge)
        host = ChannelHost(
            channel, self.database, talks, self.files, lambda *_: None, self.settings, self.states, b"key", staff.said
        )
        delivery = Delivery(self.database, channels, self.files, section)
        self.tasks = tasks = [asyncio.create_task(part) for part in (channel.run(host), delivery.run(), mirrors.run())]
        try:
            yield
            for task in tasks:
                if task.done() and not task.cancelled():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            _, pending = await asyncio.wait(tasks, timeout=30)
            assert not pending, "a stop is waited for in vain"

    def _trouble(self, channel: str, account: str, reason: str) -> None:
        self.states.trouble(channel, account, reason)
        self.troubles.append(reason)

    async def stop(self) -> None:
        """As an operator does; leaving `open` then cuts short what is under way."""
        for task in self.tasks:
            task.cancel()
        await asyncio.sleep(0.05)

    async def thread(self, number: int = 0) -> Thread:
        """Returns once there is one with something in it."""
        await until(lambda: len(self.room.threads()) > number and self.room.posts(self.room.threads()[number].id))
        return self.room.threads()[number]

    def say(self, text: str, event: str) -> None:
        """Ann writes, and her turn ends with what the bot would say."""
        answer(self.database, inbound(text, event), "I am the bot.")

    async def reads(self, *texts: str) -> None:
        """Returns once Ann was sent exactly this by agents."""
        await until(lambda: [sent.text for sent in self.customers.sent if sent.author is Author.AGENT] == list(texts))

    def texts(self, thread: Thread) -> list[str]:
        """What stands in a thread."""
        return [seen.text for seen in self.room.posts(thread.id)]

    async def shows(self, thread: Thread, *pieces: str) -> None:
        """Returns once each piece stands in a thread."""
        await until(lambda: all(any(piece in text for text in self.texts(thread)) for piece in pieces))

    def answers(self) -> list[str]:
        """What agents said to Ann, sent or not."""
        return [message.text for message in rows(self.database, Message) if message.author is Author.AGENT]

    def kinds(self) -> list[str]:
        """What happened to tickets."""
        return [event.kind for event in rows(self.database, TicketEvent)]

    async def has(self, lines: int) -> None:
        """Returns once so many things have happened."""
        await until(lambda: len(self.kinds()) == lines)

    def replies(self, text: str) -> None:
        """An agent answers at the command line."""
        self.database.transact(handling.reply, self.ticket().number, "Cleo", text, notice, NOW)

    def line(self, kind: str) -> TicketEvent:
        """The only line of this kind."""
        (found,) = [event for event in rows(self.database, TicketEvent) if event.kind == kind]
        return found

    def ticket(self) -> Ticket:
        """The only one."""
        (found,) = rows(self.database, Ticket)
        return found

    def heard(self) -> list[str]:
        """What customers said."""
        return [message.text for message in rows(self.database, Message) if message.author is Author.USER]
