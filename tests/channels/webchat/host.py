"""A host that keeps its promises in memory: idempotent by event id, ordered, private by place; down when told to be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from channels.base import Channel
from channels.errors import NotStored, Unacceptable
from channels.words import (
    Author,
    Choice,
    Inbound,
    Outbound,
    Owner,
    Place,
    Received,
    Shown,
    StaffMessage,
    StoredFile,
    Transcript,
)

Answer = Callable[[Inbound], Awaitable[None]]


@dataclass
class Conversation:
    """What one place holds."""

    messages: list[Shown] = field(default_factory=list)
    owner: Owner = Owner.BOT
    agent: str = ""
    ticket: str | None = None


@dataclass
class MemoryHost:
    """`answer` is called with every fresh message; `down` makes the database unreachable."""

    folder: Path
    brand: str = "Northwind Exchange"
    languages: Sequence[str] = ("en", "zh")
    secret: bytes = b"a key for tests, thirty-two bytes"
    channel: Channel | None = None
    answer: Answer | None = None
    down: bool = False
    #: Raised by the next `deliver` instead of storing.
    refusal: Unacceptable | None = None
    inbound: list[Inbound] = field(default_factory=list)
    conversations: dict[Place, Conversation] = field(default_factory=dict)
    _events: dict[tuple[str, str], int] = field(default_factory=dict)
    _files: dict[int, tuple[Place, StoredFile]] = field(default_factory=dict)
    _ids: count[int] = field(default_factory=lambda: count(1))

    def listening(self, account: str) -> None:
        raise AssertionError("the web chat has no platform to hear")

    def trouble(self, account: str, reason: str) -> None:
        raise AssertionError("the web chat has no platform to miss")

    async def deliver(self, inbound: Inbound) -> Received:
        self._reachable()
        if self.refusal is not None:
            refusal, self.refusal = self.refusal, None
            raise refusal
        key = (inbound.place.account, inbound.event_id)
        if key in self._events:
            return Received(message_id=self._events[key], fresh=False)
        self._events[key] = message_id = next(self._ids)
        self.inbound.append(inbound)
        self.at(inbound.place).messages.append(self._stored(message_id, inbound))
        if self.answer is not None:
            await self.answer(inbound)
        return Received(message_id=message_id, fresh=True)

    async def transcript(self, place: Place, limit: int = 100) -> Transcript:
        self._reachable()
        found = self.conversations.get(place, Conversation())
        return Transcript(
            owner=found.owner, agent=found.agent, ticket=found.ticket, messages=tuple(found.messages[-limit:])
        )

    async def file(self, place: Place, file_id: int) -> StoredFile | None:
        self._reachable()
        owner, file = self._files.get(file_id, (None, None))
        return file if owner == place else None

    async def bounced(self, account: str, key: str, reason: str) -> None:
        raise AssertionError("what a web chat sends has arrived")

    async def thread_of_ticket(self, account: str, handle: str, number: str) -> str | None:
        raise AssertionError("a web chat has no threads")

    async def move(self, token: str, place: Place) -> None:
        raise AssertionError("no conversation of this host is public")

    async def cursor(self, account: str) -> str | None:
        return None

    async def staff_said(self, said: StaffMessage) -> None:
        """There is no staff room."""
        raise Unacceptable("bad_request", said.thread)

    async def keep_cursor(self, account: str, value: str) -> None:
        raise AssertionError("a web chat has no cursor")

    def at(self, place: Place) -> Conversation:
        return self.conversations.setdefault(place, Conversation())

    async def say(
        self,
        place: Place,
        html: str,
        *,
        author: Author = Author.BOT,
        name: str = "",
        choices: Sequence[Choice] = (),
        files: Sequence[StoredFile] = (),
    ) -> Outbound:
        """Sends through the channel and then writes down that it was sent, as the outbox does."""
        conversation, now = self.at(place), datetime.now(UTC)
        outbound = Outbound(
            message_id=next(self._ids),
            place=place,
            text=html,
            author=author,
            author_name=name,
            choices=choices,
            files=files,
            owner=conversation.owner,
            ticket=conversation.ticket,
            created_at=now,
        )
        if self.channel is not None:
            await self.channel.send(outbound)
        shown = Shown(
            message_id=outbound.message_id,
            event_id=None,
            author=author,
            author_name=name,
            text=html,
            choices=choices,
            files=files,
            created_at=now,
        )
        conversation.messages.append(shown)
        return outbound

    def keep_file(self, place: Place, name: str, media_type: str, data: bytes) -> StoredFile:
        file_id = next(self._ids)
        path = self.folder / str(file_id)
        path.write_bytes(data)
        file = StoredFile(id=file_id, name=name, media_type=media_type, size=len(data), path=path)
        self._files[file_id] = (place, file)
        return file

    def _stored(self, message_id: int, inbound: Inbound) -> Shown:
        files = [self.keep_file(inbound.place, a.name, a.media_type, a.data) for a in inbound.attachments]
        return Shown(
            message_id=message_id,
            event_id=inbound.event_id,
            author=Author.USER,
            author_name=inbound.name,
            text=inbound.text,
            choices=(),
            files=files,
            created_at=datetime.now(UTC),
        )

    def _reachable(self) -> None:
        if self.down:
            raise NotStored("the database is out of reach")
