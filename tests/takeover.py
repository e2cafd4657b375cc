"""Users, a bot, two agents, a sender that dies and a platform that fails: every order of them is a valid example."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from bot.errors import Overtaken, StorageDown
from bot.store import handling, inbox, turns
from bot.store.tables import MessageState
from channels.errors import ChannelError, MayHaveArrived, Never, TryAgain
from channels.words import Author, Place
from tests.samples import PACE, escalation, inbound, outcome
from tests.stage import Stage

PEOPLE = ("ann", "bob")
AGENTS = ("Anna", "Ben")

#: Seconds: a look of whoever waits, a look of the outbox, a retry, a timeout, the longest pause between two tries.
JUMPS = (0.02, 0.3, 2.0, 31.0, 301.0)

OVER = {MessageState.SENT, MessageState.FAILED, MessageState.UNKNOWN, MessageState.WITHHELD}


class Takeover(Stage):
    """The events, and what must hold after each."""

    @initialize(
        kind=st.sampled_from(["plain", "knowing", "idempotent"]),
        text=st.sampled_from([None, 24]),
        released=st.booleans(),
        quiet=st.booleans(),
    )
    def opens(self, kind: str, text: int | None, *, released: bool, quiet: bool) -> None:
        """A ticket each, in the queue or given back, and all that was said about it sent or still to be sent."""
        self.open(kind, text)
        for person in PEOPLE:
            self.bot_takes_its_turn(person, 1, escalates=True)
            if released:
                self.database.transact(handling.hand_back, self.numbers[person], "Anna", "released", str, self.now())
        for _ in range(3 if quiet else 0):
            self.everything_catches_up(gate_open=True)
            self.time_passes(JUMPS[1])

    @rule(person=st.sampled_from(PEOPLE), replies=st.integers(1, 2), escalates=st.booleans())
    def bot_takes_its_turn(self, person: str, replies: int, *, escalates: bool) -> None:
        self.user_writes(person)
        self.bot_reads(person)
        self.bot_answers(person, replies, escalates=escalates)

    @rule(person=st.sampled_from(PEOPLE))
    def user_writes(self, person: str) -> None:
        place = Place(account="bot-1", handle=person)
        said = inbound("hello", f"e{next(self.events)}", place)
        arrival = self.database.transact(inbox.receive, self.channel.name, said, (), PACE, self.now())
        self.ids[person] = arrival.conversation_id

    @rule(person=st.sampled_from(PEOPLE))
    @precondition(lambda self: self.ids)
    def bot_reads(self, person: str) -> None:
        turn = self.database.transact(turns.load, self.ids.get(person, 0))
        if turn:
            self.read[person] = turn

    @rule(person=st.sampled_from(PEOPLE), replies=st.integers(0, 2), escalates=st.booleans())
    @precondition(lambda self: self.read)
    def bot_answers(self, person: str, replies: int, *, escalates: bool) -> None:
        """Whoever owns the conversation by now; the bot does not look before it speaks."""
        turn = self.read.pop(person, None)
        if turn is None:
            return
        texts = [f"The bot says **{number}** things, and {{ticket}}" for number in range(replies)]
        ended = outcome(*texts, escalation=escalation() if escalates else None)
        try:
            finished = self.database.transact(turns.finish, turn, ended, self.now())
        except Overtaken:
            return
        if finished.ticket:
            self.numbers[person] = finished.ticket
        self.delivery.nudge()
        self.pump()

    @rule(person=st.sampled_from(PEOPLE), agent=st.sampled_from(AGENTS))
    @precondition(lambda self: self.numbers)
    def agent_takes(self, person: str, agent: str) -> None:
        if number := self.numbers.get(person):
            self.begin(self.taking(number, person, self.tickets.take(number, agent)))

    @rule(person=st.sampled_from(PEOPLE), agent=st.sampled_from(AGENTS))
    def agent_takes_in_the_middle_of_a_send(self, person: str, agent: str) -> None:
        self.bot_takes_its_turn(person, 1, escalates=False)
        self.everything_catches_up(gate_open=False)
        self.agent_takes(person, agent)

    @rule(person=st.sampled_from(PEOPLE), agent=st.sampled_from(AGENTS))
    @precondition(lambda self: self.numbers)
    def agent_replies(self, person: str, agent: str) -> None:
        if number := self.numbers.get(person):
            text = f"{agent} says number {next(self.events)} to {person}"
            self.begin(self.replying(number, person, self.tickets.reply(number, agent, text)))

    @rule(person=st.sampled_from(PEOPLE), agent=st.sampled_from(AGENTS), solves=st.booleans())
    @precondition(lambda self: self.numbers)
    def agent_hands_back(self, person: str, agent: str, *, solves: bool) -> None:
        if number := self.numbers.get(person):
            hand_back = self.tickets.solve if solves else self.tickets.release
            self.begin(hand_back(number, agent))

    @rule(order=st.lists(st.integers(0, 5), min_size=1, max_size=4))
    @precondition(lambda self: self.line.waiting())
    def steps(self, order: list[int]) -> None:
        """Some transactions and sends happen, in this order."""
        for which in order:
            if waiting := self.line.waiting():
                waiting[which % len(waiting)][1].set_result(None)
                self.pump()

    @rule(which=st.integers(0, 5))
    @precondition(lambda self: self.line.waiting())
    def step_finds_no_database(self, which: int) -> None:
        transactions = [future for name, future in self.line.waiting() if name != "send"]
        if transactions:
            transactions[which % len(transactions)].set_exception(StorageDown("the disk is full"))
            self.pump()

    @rule(seconds=st.sampled_from(JUMPS))
    def time_passes(self, seconds: float) -> None:
        """With a send waiting at the gate, a long time is a timeout."""
        self.troubled = self.troubled or seconds > 30
        self.loop.seconds += seconds
        self.pump()

    @rule(fault=st.sampled_from([TryAgain("busy"), TryAgain("busy", 5), Never("blocked"), MayHaveArrived("cut"), None]))
    def platform_will_fail(self, fault: ChannelError | None) -> None:
        self.troubled = self.troubled or fault is not None
        self.channel.faults.append(fault)

    @rule()
    def sender_dies_and_comes_back(self) -> None:
        self.troubled = True
        self.stop_sender()
        self.start_sender()

    @rule(gate_open=st.booleans())
    def everything_catches_up(self, *, gate_open: bool) -> None:
        """Whatever waits happens, first come first served, while the clock stands still; or all but the sends."""
        for _ in range(60):
            free = [future for name, future in self.line.waiting() if gate_open or name != "send"]
            if not free:
                return
            free[0].set_result(None)
            self.pump()

    @invariant()
    def bot_is_silent(self) -> None:
        """From the moment a takeover returned, not one message of the bot leaves."""
        for person, said in self.silent.items():
            self.demand(self.said_by_bot(person) == said, f"the bot spoke to {person} after a human took over")

    @invariant()
    def order_holds(self) -> None:
        """Each part leaves once, after all before it in its conversation; only an idempotent channel is told twice."""
        self.tally.events += 1
        for person in PEOPLE:
            keys = [(sent.message_id, sent.part) for sent in self.sent_to(person)]
            if self.idempotent():
                keys = list(dict.fromkeys(keys))
            self.demand(keys == sorted(set(keys)), f"{person} was shown {keys}")

    def teardown(self) -> None:
        try:
            if hasattr(self, "channel") and not self.broken:
                self.let_all_end()
                self.compare_ledger()
        finally:
            self.stop_sender()
            for task in self.tasks:
                task.cancel()
            self.pump()
            self.loop.close()
            self.patch.undo()

    def let_all_end(self) -> None:
        """No more faults, and time enough for every retry."""
        self.channel.faults.clear()
        for _ in range(30):
            self.everything_catches_up(gate_open=True)
            self.bot_is_silent()
            if all(message.state in OVER for message, _ in self.database.transact(self.outgoing)):
                return
            self.time_passes(JUMPS[2])

    def compare_ledger(self) -> None:
        """What the ledger says became of each message is what the platform has."""
        shown = {(sent.message_id, sent.part) for sent in self.channel.sent}
        for message, epoch in self.database.transact(self.outgoing):
            whole = {(message.id, part) for part in range(self.parts_of(message))}
            has = {key for key in shown if key[0] == message.id}
            self.demand(message.state in OVER, f"message {message.id} is {message.state}")
            self.demand(message.state is not MessageState.SENT or has == whole, f"message {message.id} has {has}")
            if message.id in self.overtaken:
                self.demand(message.state is MessageState.WITHHELD, f"{message.id} waited and is {message.state}")
            if message.state is MessageState.WITHHELD:
                self.tally.withheld += 1
                self.demand(message.author is Author.BOT and message.epoch < epoch, f"{message.id} is withheld")
            elif not self.troubled:
                self.demand(message.state is MessageState.SENT, f"{message.id} is {message.state} for no reason")
