"""The core around one channel: real inbox, real outbox, real files; the test says what the bot answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from bot.conversation import Content, Conversations, now
from bot.delivery import Delivery
from bot.files import Files
from bot.host import ChannelHost
from bot.settings import DeliverySection, Settings
from bot.settling import Settling
from bot.states import States
from bot.store import outbox, turns
from bot.store.database import Database, Session
from bot.store.inbox import KeptFile
from bot.store.tables import Address, Conversation, File, Message, MessageState
from bot.store.turn import Outcome, Reply, Turn
from channels.base import Channel
from channels.words import Attachment, Choice
from tests.channels.peer import Peer
from tests.floor import Mind
from tests.samples import rows, until

#: A send that takes longer may have arrived.
PATIENCE = 1.0


@dataclass
class House:
    """Frontdesk with one channel, which can be stopped and built anew over the same database."""

    peer: Peer
    database: Database
    settings: Settings
    content: Content
    folder: Path
    #: Seconds a send may take.
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        self.states = States(self.database)
        self.files = Files(self.folder / "files")
        self.channel: Channel = self.peer.channel()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """While the channel listens and the outbox sends."""
        self.channel = channel = self.peer.channel()
        talks = Conversations(self.database, self.content, Mind(), self.settings, {channel.name: channel})
        host = ChannelHost(
            channel, self.database, talks, self.files, lambda *_: None, self.settings, self.states, key=b"key"
        )
        section = DeliverySection(attempts=5, timeout_seconds=self.patience)
        delivery = Delivery(self.database, {channel.name: channel}, self.files, section)
        settling = Settling(self.database, {channel.name: channel})
        tasks = [asyncio.create_task(part) for part in (channel.run(host), delivery.run(), settling.run())]
        try:
            yield
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def interrupted(self) -> None:
        """What is queued was taken to be sent when everything stopped."""
        self.database.transact(outbox.claim, [self.channel.name], now(), 10)

    def heard(self) -> list[Message]:
        """What persons said, oldest first."""
        return [message for message in rows(self.database, Message) if message.event_id]

    def said(self) -> list[Message]:
        """What was queued for persons, oldest first."""
        return [message for message in rows(self.database, Message) if not message.event_id]

    async def hears(self, *texts: str) -> list[Message]:
        """Returns once persons have said exactly this."""
        await until(lambda: [message.text for message in self.heard()] == list(texts))
        return self.heard()

    async def has(self, state: MessageState, count: int = 1) -> None:
        """Returns once so many of our messages are in this state."""
        await until(lambda: [message.state for message in self.said()].count(state) == count)

    async def sees(self, person: str, *texts: str) -> None:
        """Returns once the person sees exactly this of ours."""
        await until(lambda: [seen.text.strip() for seen in self.peer.seen(person)] == list(texts))

    async def answer(
        self, person: str, *texts: str, choices: Sequence[Choice] = (), files: Sequence[Attachment] = (), **more: Any
    ) -> None:
        """The bot answers what the person said last; buttons and files go with the last of `texts`.

        `more` is for `Outcome`: the person was helped, a ticket is opened.
        """
        conversation_id = self.database.transact(self._conversation, person)
        turn = self.database.transact(turns.load, conversation_id)
        assert turn, f"{person} has said nothing that waits for an answer"
        last = len(texts) - 1
        replies = [Reply(text, "en", choices if number == last else ()) for number, text in enumerate(texts)]
        kept = await self.files.keep(files)
        self.database.transact(_finish, turn, Outcome("en", {}, replies, **more), kept)

    def _conversation(self, session: Session, person: str) -> int:
        place = self.peer.place(person)
        found = session.exec(
            select(Conversation)
            .join(Address)
            .where(Address.handle == place.handle, Conversation.thread == place.thread)
        ).one()
        return found.id


def _finish(session: Session, turn: Turn, outcome: Outcome, kept: Sequence[KeptFile]) -> None:
    turns.finish(session, turn, outcome, now())
    message = session.exec(select(Message).order_by(col(Message.id).desc())).first()
    assert message
    for file in kept:
        session.add(File(message_id=message.id, conversation_id=message.conversation_id, **asdict(file)))
