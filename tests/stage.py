"""Where an order of events is played: the real store, outbox and tickets, held in hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis.stateful import RuleBasedStateMachine
from sqlmodel import col, select

from bot.answers import Answers
from bot.delivery import Delivery
from bot.errors import Refused, StorageDown
from bot.files import Files
from bot.rendering import parts
from bot.settings import DeliverySection
from bot.store import handling, outbox
from bot.store.database import Session
from bot.store.tables import Conversation, Message, MessageState
from bot.store.turn import Turn
from bot.tickets import Tickets
from channels.memory import Memory
from channels.words import Author, Limits, Outbound
from tests.held import Held, HeldDatabase, Knowing, Line, StoppedClock
from tests.samples import NOW


@dataclass
class Tally:
    """How much was tried."""

    orders: int = 0
    events: int = 0
    takeovers: int = 0
    #: Bot messages being sent when a human took over, and those that a takeover kept from being sent.
    in_flight: int = 0
    withheld: int = 0

    def __str__(self) -> str:
        return (
            f"{self.orders} interleavings of {self.events} events, {self.takeovers} takeovers with "
            f"{self.in_flight} bot messages in flight and {self.withheld} withheld"
        )


@dataclass
class World:
    """What outlives an example."""

    database: HeldDatabase
    answers: Answers
    tally: Tally = field(default_factory=Tally)
    names: Iterator[int] = field(default_factory=count)


class Stage(RuleBasedStateMachine):
    """What an example plays on: the real parts, a clock, and what has to be remembered of the play."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.tally = world.tally
        self.database = world.database
        self.line = self.database.line = Line()
        self.database.done = self.committed
        self.loop = StoppedClock()
        self.tasks: set[asyncio.Task[None]] = set()
        self.events = count()
        self.ids: dict[str, int] = {}
        self.numbers: dict[str, str] = {}
        self.read: dict[str, Turn] = {}
        #: Tickets an agent has by the database, and of those the ones an agent was told so, with what the bot had said.
        self.held: set[str] = set()
        self.silent: dict[str, int] = {}
        #: Bot messages that were waiting when a human took over.
        self.overtaken: set[int] = set()
        self.troubled = self.broken = False
        self.patch = pytest.MonkeyPatch()
        for module in ("delivery", "tickets"):
            self.patch.setattr(f"bot.{module}.now", self.now)

    def open(self, kind: str, text: int | None) -> None:
        """A channel with its abilities, and a sender."""
        self.tally.orders += 1
        limits = Limits(choices=10, text=text, idempotent=kind == "idempotent")
        self.channel = (Knowing if kind == "knowing" else Memory)(f"memory-{next(self.world.names)}", limits=limits)
        self.channel.gate = Held(self.line)
        self.tickets = Tickets(self.database, self.world.answers, patience=30)
        self.start_sender()

    def committed(self, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Keeps up with who has which ticket."""
        if work in (handling.take, handling.reply):
            self.held.add(args[0])
            self.took(next(person for person, number in self.numbers.items() if number == args[0]))
        elif work is handling.hand_back:
            self.held.discard(args[0])
            self.silent = {person: said for person, said in self.silent.items() if self.numbers[person] != args[0]}

    def took(self, person: str) -> None:
        """Remembers what the bot had on its way."""
        conversation_id = self.ids[person]
        for message, _ in self.database.transact(self.outgoing):
            if message.conversation_id == conversation_id and message.author is Author.BOT:
                self.tally.in_flight += message.state is MessageState.SENDING
                if message.state is MessageState.QUEUED:
                    self.overtaken.add(message.id)

    async def taking(self, number: str, person: str, act: Coroutine[Any, Any, object]) -> None:
        """`act`, and the moment it returns: unless the ticket was given back meanwhile, the bot is silent from here."""
        await act
        self.promised(number, person)

    def promised(self, number: str, person: str) -> None:
        self.tally.takeovers += 1
        if number in self.held:
            self.silent.setdefault(person, self.said_by_bot(person))

    async def replying(self, number: str, person: str, act: Coroutine[Any, Any, object]) -> None:
        """As `taking`; where the bot's last message hangs, the answer waits behind it, and no silence is promised."""
        await act
        if not self.database.transact(outbox.in_flight, self.ids[person]):
            self.promised(number, person)

    def begin(self, act: Coroutine[Any, Any, object]) -> None:
        """Somebody at a desk does something, and hears that it cannot be done."""
        task = self.loop.create_task(self.heard_out(act))
        self.tasks.add(task)
        self.pump()

    async def heard_out(self, act: Coroutine[Any, Any, object]) -> None:
        try:
            await act
        except (Refused, StorageDown):
            return

    def start_sender(self) -> None:
        self.delivery = Delivery(
            self.database,
            {self.channel.name: self.channel},
            Files(Path("unused")),
            DeliverySection(attempts=3, timeout_seconds=30),
        )
        self.sender = self.loop.create_task(self.delivery.run())
        self.pump()

    def stop_sender(self) -> None:
        """As a kill does: nothing of what it was about to do happens."""
        for task in asyncio.all_tasks(self.loop) - self.tasks:
            task.cancel()
        self.pump()

    def pump(self) -> None:
        """Lets the loop run until everybody waits; raises what a task should not have."""
        self.loop.call_soon(self.run_on)
        self.loop.run_forever()
        for task in [task for task in self.tasks if task.done() and not task.cancelled()]:
            self.tasks.discard(task)
            task.result()

    def run_on(self) -> None:
        if self.loop.busy():
            self.loop.call_soon(self.run_on)
        else:
            self.loop.stop()

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.loop.seconds)

    def idempotent(self) -> bool:
        return self.channel.limits.idempotent

    def sent_to(self, person: str) -> list[Outbound]:
        return [sent for sent in self.channel.sent if sent.place.handle == person]

    def said_by_bot(self, person: str) -> int:
        return sum(sent.author is Author.BOT for sent in self.sent_to(person))

    def parts_of(self, message: Message) -> int:
        return len(parts(message.text, (), (), self.channel.limits))

    def outgoing(self, session: Session) -> list[tuple[Message, int]]:
        query = (
            select(Message, Conversation.epoch)
            .join(Conversation, col(Message.conversation_id) == Conversation.id)
            .where(Message.channel == self.channel.name, Message.author != Author.USER)
            .order_by(col(Message.id))
        )
        return list(session.exec(query).all())

    def demand(self, fact: bool, otherwise: str) -> None:  # noqa: FBT001 - as assert has it
        self.broken = self.broken or not fact
        assert fact, otherwise
