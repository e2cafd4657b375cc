"""The database is out of reach: the platform is told nothing, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from channels.errors import NotStored, Unacceptable
from channels.words import Inbound, Received, StaffMessage
from tests.channels.discord.peer import DiscordPeer
from tests.channels.webchat.host import MemoryHost
from tests.samples import until


@dataclass
class Store(MemoryHost):
    """Keeps a cursor, too, and what it was told of the line."""

    cursors: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    #: Nothing is ever stored, and nobody is told so.
    stuck: bool = False

    async def deliver(self, inbound: Inbound) -> Received:
        if self.stuck:
            await asyncio.Event().wait()
        return await super().deliver(inbound)

    def listening(self, account: str) -> None:
        self.told.append("listening")

    def trouble(self, account: str, reason: str) -> None:
        self.told.append(reason)

    async def cursor(self, account: str) -> str | None:
        if self.down:
            raise NotStored("down")
        return self.cursors.get(account)

    async def staff_said(self, said: StaffMessage) -> None:
        """There is no staff room."""
        raise Unacceptable("bad_request", said.thread)

    async def keep_cursor(self, account: str, value: str) -> None:
        if self.down:
            raise NotStored("down")
        self.cursors[account] = value

    def texts(self) -> list[str]:
        return [inbound.text for inbound in self.inbound]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@asynccontextmanager
async def running(peer: DiscordPeer, store: Store) -> AsyncIterator[None]:
    task = asyncio.create_task(peer.channel().run(store))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_what_is_not_stored_is_kept(peer: DiscordPeer, store: Store) -> None:
    """Messages wait while nothing can be stored, and are handed over in order, those of one stop later as well."""
    async with running(peer, store):
        await peer.say("ann", "one")
        await until(lambda: store.texts() == ["one"])
        store.down = True
        await peer.say("ann", "two")
        await peer.say("bob", "three")
        await asyncio.sleep(0.2)
        store.down = False
        await until(lambda: sorted(store.texts()) == ["one", "three", "two"])
        store.down = True
        await peer.say("ann", "four")
        await asyncio.sleep(0.2)
    store.down = False
    async with running(peer, store):
        await until(lambda: "four" in store.texts())
    assert len(store.texts()) == 4


async def test_new_chat_is_not_forgotten_by_a_crash(peer: DiscordPeer, store: Store) -> None:
    """A direct chat is written down before its first message is stored: killed in between, we still know to read it."""
    async with running(peer, store):
        await peer.is_heard()
        store.stuck = True
        await peer.say("ann", "first")
        await until(lambda: store.cursors)
    store.stuck = False
    async with running(peer, store):
        await until(lambda: store.texts() == ["first"])


async def test_press_that_is_not_stored_fails_visibly(peer: DiscordPeer, store: Store) -> None:
    """The person is told that a press failed, and it counts when it is tried again."""
    data = {"component_type": 2, "custom_id": "0:human"}
    async with running(peer, store):
        await peer.is_heard()
        store.down = True
        await peer.interact(peer.room("ann"), "ann", type=3, data=data)
        await asyncio.sleep(0.3)
        store.down = False
        assert not peer.server.callbacks
        await peer.interact(peer.room("ann"), "ann", type=3, data=data)
        await until(lambda: peer.server.callbacks)
    assert [inbound.choice for inbound in store.inbound] == ["human"]


async def test_refused_message_holds_up_nothing(peer: DiscordPeer, store: Store) -> None:
    """What is never taken is passed over, also after a restart."""
    async with running(peer, store):
        await peer.is_heard()
        store.refusal = Unacceptable("too_long", "no")
        await peer.say("ann", "refused")
        await peer.say("ann", "taken")
        await until(lambda: store.texts() == ["taken"])
    async with running(peer, store):
        await peer.say("ann", "next")
        await until(lambda: store.texts() == ["taken", "next"])


async def test_how_the_line_is_is_told(peer: DiscordPeer, store: Store) -> None:
    """An outage is told while it lasts, and that it is over."""
    async with running(peer, store):
        await until(lambda: store.told == ["listening"])
        await peer.outage(on=True)
        await until(lambda: len(store.told) > 1)
        assert "Cannot connect" in store.told[1]
        await peer.outage(on=False)
        await until(lambda: store.told[-1] == "listening")
