"""The outbox at work, against a channel that fails in every way a platform can."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

import bot.delivery
from bot.settings import DeliverySection
from bot.store.database import Database, Session
from bot.store.tables import Message, TicketEvent
from bot.store.turn import Reply
from channels.errors import MayHaveArrived, Never, NotYet, TryAgain
from channels.memory import Memory
from channels.words import Author, Choice, Limits, Owner, Sent
from tests.samples import NOW, answer, escalated, inbound, later, rows, states, take, until
from tests.sending import BOB, Asked, Broken, Clock, Cramped, last, sending, texts, until_state

pytestmark = pytest.mark.usefixtures("clock")


async def test_part_has_all_the_channel_needs(database: Database) -> None:
    """A reply leaves with its words, buttons, place and intent, who answers and on which ticket, and counts as sent."""
    escalated(database)
    button = Choice(title="Human", payload="human")
    reply = Reply("Up to **1** hour", "zh", [button], intent="withdrawal_time", confidence=0.9)
    answer(database, inbound("how long?", "e2", BOB), replies=[reply])
    channel = Memory()
    async with sending(database, channel):
        await channel.until(2)
        await until(lambda: last(database).state.value == "sent")
    human, sent = channel.sent
    assert (human.owner, human.ticket) == (Owner.QUEUE, "FD-1001")
    assert (sent.text, sent.choices, sent.place) == ("Up to 1 hour", (button,), BOB)
    assert (sent.author, sent.language, sent.intent, sent.confidence) == (Author.BOT, "zh", "withdrawal_time", 0.9)
    assert (sent.owner, sent.ticket, sent.part, sent.created_at) == (Owner.BOT, None, 0, NOW)
    assert sent.message_id == last(database).id
    assert last(database).platform_id == "memory-2"


async def test_reply_knows_what_it_answers(database: Database) -> None:
    """A channel that must name what it answers gets the person's newest message before the reply as it came."""
    answer(database, inbound("one", "e1", raw={"id": 1}), "first")
    answer(database, inbound("two", "e2", raw={"id": 2}), "second")
    answer(database, inbound("three", "e3", BOB, raw={"id": 3}), "third")
    channel = Memory(limits=Limits(answers_raw=True))
    async with sending(database, channel):
        sent = await channel.until(3)
    assert {one.text: one.answering for one in sent} == {"first": {"id": 1}, "second": {"id": 2}, "third": {"id": 3}}


async def test_replies_leave_in_order(database: Database) -> None:
    """Replies of one conversation leave in the order they were queued, though many could be sent at once."""
    answer(database, inbound(), *[str(number) for number in range(10)])
    channel = Memory()
    async with sending(database, channel):
        assert [sent.text for sent in await channel.until(10)] == [str(number) for number in range(10)]


async def test_text_is_cut_to_the_place(sqlite: Database) -> None:
    """Where a channel carries less at one place than at another, a text is cut for the place it goes to."""
    text = "One sentence. Another one."
    answer(sqlite, inbound("one", "e1"), text)
    answer(sqlite, inbound("two", "e2", BOB), text)
    channel = Cramped(limits=Limits(text=100))
    async with sending(sqlite, channel):
        sent = await channel.until(3)
    assert [one.text for one in sent if one.place == BOB] == ["One sentence.", "Another one."]
    assert [one.text for one in sent if one.place != BOB] == [text]


async def test_pauses_double_up_to_the_longest(sqlite: Database, clock: Clock) -> None:
    """A platform that names no pause is tried again after 1, 2, 4 seconds and so on, never more than five minutes."""
    answer(sqlite, inbound(), "hello")
    channel = Memory()
    channel.faults.extend([TryAgain("busy")] * 11)
    pauses = []
    async with sending(sqlite, channel, DeliverySection(attempts=12)):
        for tries in range(1, 12):
            await until_tries(sqlite, tries)
            due_at = last(sqlite).due_at
            assert due_at
            pauses.append((due_at - clock.at).total_seconds())
            clock.at = due_at
        await until_state(sqlite, hello="sent")
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert texts(channel) == ["hello"]


async def test_platform_names_the_pause(sqlite: Database, clock: Clock) -> None:
    """Where the platform says how long, that is the pause, and its reason stands with the message."""
    answer(sqlite, inbound(), "hello")
    channel = Memory()
    channel.faults.append(TryAgain("429", after=42.5))
    async with sending(sqlite, channel):
        await until(lambda: last(sqlite).error == "429")
        assert last(sqlite).due_at == later(42.5)
        clock.at = later(42.5)
        await until_state(sqlite, hello="sent")
    assert last(sqlite).error is None


async def test_busy_conversation_holds_up_no_other(sqlite: Database) -> None:
    """While one conversation waits for its platform, the others are answered."""
    answer(sqlite, inbound(), "to ann", "to ann again")
    channel = Memory()
    channel.faults.append(TryAgain("429", after=3600))
    async with sending(sqlite, channel):
        await until(lambda: rows(sqlite, Message)[1].error == "429")
        answer(sqlite, inbound(event="e2", place=BOB), "to bob")
        await until_state(sqlite, **{"to bob": "sent"})
    assert texts(channel) == ["to bob"]
    assert dict(states(sqlite))["to ann again"] == "queued"


async def test_tries_come_to_an_end(sqlite: Database) -> None:
    """After the last try the message failed, its ticket says why, and the next one has its turn."""
    escalated(sqlite)
    answer(sqlite, inbound(event="e2", place=BOB), "to bob")
    channel = Memory()
    channel.faults.extend([TryAgain("busy", after=0)] * 6)
    async with sending(sqlite, channel):
        await until_state(sqlite, **{"Your ticket is FD-1001": "failed", "to bob": "failed"})
    message, event = rows(sqlite, Message)[1], rows(sqlite, TicketEvent)[-1]
    assert (message.attempts, message.error) == (3, "given up after 3 tries: busy")
    assert (event.kind, event.detail["message"], event.detail["error"]) == ("failed", message.id, message.error)
    assert channel.sent == []


async def test_waiting_is_no_try(sqlite: Database) -> None:
    """As often as there is no room for a message, as often it waits; only what fails otherwise is counted."""
    answer(sqlite, inbound(), "hello")
    channel = Memory()
    channel.faults.extend([NotYet("pace", 0)] * 12 + [TryAgain("busy", 0)] + [NotYet("pace", 0)] * 12)
    async with sending(sqlite, channel):
        await until_state(sqlite, hello="sent")
    assert (last(sqlite).attempts, texts(channel)) == (2, ["hello"])


async def test_waiting_comes_to_an_end(sqlite: Database, clock: Clock) -> None:
    """After two days without room the message failed, and its ticket says why."""
    escalated(sqlite)
    channel = Memory()
    channel.faults.extend([NotYet("pace", 3600)] * 2)
    async with sending(sqlite, channel):
        await until(lambda: last(sqlite).error == "pace")
        clock.at = later(48 * 3600 + 1)
        await until_state(sqlite, **{"Your ticket is FD-1001": "failed"})
    assert rows(sqlite, TicketEvent)[-1].detail["error"] == "given up after 48 hours of waiting: pace"


async def test_never_is_at_once(sqlite: Database) -> None:
    """What can never be sent fails at the first try with its reason; the conversation goes on."""
    answer(sqlite, inbound(), "one", "two")
    channel = Memory()
    channel.faults.append(Never("blocked by the user"))
    async with sending(sqlite, channel):
        await until_state(sqlite, one="failed", two="sent")
    message = rows(sqlite, Message)[1]
    assert (message.attempts, message.error) == (1, "blocked by the user")


async def test_parts_are_not_repeated(sqlite: Database) -> None:
    """A retry after a failure in the middle goes on with the part that failed."""
    answer(sqlite, inbound(), "first part\n\nsecond part\n\nthird part")
    channel = Memory(limits=Limits(text=12))
    channel.faults.extend([None, TryAgain("busy", after=0), None, TryAgain("busy", after=0)])
    async with sending(sqlite, channel):
        await until(lambda: last(sqlite).state.value == "sent")
    assert [(sent.part, sent.text) for sent in channel.sent] == [
        (0, "first part"),
        (1, "second part"),
        (2, "third part"),
    ]
    assert last(sqlite).parts_sent == 3


async def test_ambiguous_send_is_unknown(sqlite: Database) -> None:
    """Where the platform cannot be asked, the message is unknown, the ticket says so, and nothing is said twice."""
    escalated(sqlite)
    channel = Memory()
    channel.faults.append(MayHaveArrived("connection lost"))
    async with sending(sqlite, channel):
        await until_state(sqlite, **{"Your ticket is FD-1001": "unknown"})
    assert texts(channel) == ["Your ticket is FD-1001"]
    assert (last(sqlite).error, rows(sqlite, TicketEvent)[-1].kind) == ("connection lost", "unknown")


@pytest.mark.parametrize("fault", [MayHaveArrived("nobody knows"), ZeroDivisionError("a fault of the channel")])
async def test_failing_look_up_is_unknown(sqlite: Database, fault: Exception) -> None:
    """Whatever goes wrong while the platform is asked, the message ends unknown."""
    answer(sqlite, inbound(), "hello")
    channel = Asked()
    channel.answer = fault
    channel.faults.append(MayHaveArrived("connection lost"))
    async with sending(sqlite, channel):
        await until_state(sqlite, hello="unknown")


async def test_found_is_sent(sqlite: Database) -> None:
    """A part the platform turns out to have counts as sent, under its name there, and the next part follows."""
    answer(sqlite, inbound(), "first part\n\nsecond part")
    channel = Asked(limits=Limits(text=12))
    channel.answer = Sent(platform_id="found-1")
    channel.faults.append(MayHaveArrived("connection lost"))
    async with sending(sqlite, channel):
        await until(lambda: last(sqlite).state.value == "sent")
    assert texts(channel) == ["first part", "second part"]


async def test_not_found_is_sent_again(sqlite: Database, clock: Clock) -> None:
    """A part the platform surely does not have is tried again after a pause, and so arrives once."""
    answer(sqlite, inbound(), "hello")
    channel = Asked()
    channel.gate.clear()
    async with sending(sqlite, channel, DeliverySection(attempts=3, timeout_seconds=0.05)):
        await until(lambda: last(sqlite).error is not None)
        assert last(sqlite).due_at == later(1)
        channel.gate.set()
        clock.at = later(1)
        await until_state(sqlite, hello="sent")
    assert texts(channel) == ["hello"]
    assert last(sqlite).attempts == 2


async def test_never_found_comes_to_an_end(sqlite: Database, clock: Clock) -> None:
    """A platform that times out and has nothing, again and again, is given up after the last try."""
    answer(sqlite, inbound(), "hello")
    channel = Asked()
    channel.gate.clear()
    async with sending(sqlite, channel, DeliverySection(attempts=2, timeout_seconds=0.05)):
        await until(lambda: last(sqlite).error is not None)
        clock.at = later(60)
        await until_state(sqlite, hello="failed")
    assert channel.sent == []


async def test_timeout_may_have_arrived(sqlite: Database) -> None:
    """A send without an answer in time is unknown where the platform cannot be asked, and is not repeated."""
    answer(sqlite, inbound(), "hello")
    channel = Memory()
    channel.gate.clear()
    async with sending(sqlite, channel, DeliverySection(timeout_seconds=0.05)):
        await until_state(sqlite, hello="unknown")
    assert last(sqlite).error == "no answer in time"


async def test_fault_of_a_channel_harms_nobody_else(sqlite: Database) -> None:
    """After an unexpected error nobody knows what the platform has: unknown, named by kind, and the rest goes on."""
    answer(sqlite, inbound(place=BOB), "to bob")
    answer(sqlite, inbound(event="e2"), "to ann")
    channel = Broken()
    with capture_logs() as logs:
        async with sending(sqlite, channel):
            await until_state(sqlite, **{"to bob": "unknown", "to ann": "sent"})
    assert rows(sqlite, Message)[1].error == "fault of the channel: ZeroDivisionError"
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["send_fault"]


async def until_tries(database: Database, tries: int) -> None:
    """Returns once the newest message waits for its next try."""
    await until(lambda: (last(database).attempts, last(database).state.value) == (tries, "queued"))


async def test_next_reply_does_not_wait_for_a_look(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits behind a message leaves as soon as that has, also behind one that is withheld."""
    monkeypatch.setattr(bot.delivery, "POLL", 3600)
    answer(sqlite, inbound(), "one", "two", "three")
    ticket = escalated(sqlite, inbound(event="e2", place=BOB))
    take(sqlite, ticket.number)
    channel = Memory()
    async with sending(sqlite, channel):
        await until_state(sqlite, three="sent", **{"notice in en": "sent"})
    assert dict(states(sqlite))["Your ticket is FD-1001"] == "withheld"


async def test_takeover_ends_a_message_between_its_parts(sqlite: Database) -> None:
    """Of a long answer of the bot the part that is being sent at a takeover is the last; the agent's words follow."""
    ticket = escalated(sqlite)
    answer_in_parts(sqlite)
    channel = Memory(limits=Limits(text=12))
    channel.gate.clear()
    async with sending(sqlite, channel):
        await until(lambda: rows(sqlite, Message)[1].state.value == "sending")
        take(sqlite, ticket.number)
        channel.gate.set()
        await until_state(sqlite, **{"notice in en": "sent"})
    assert texts(channel) == ["first part", "notice in en"]
    assert rows(sqlite, Message)[1].state.value == "withheld"
    assert rows(sqlite, TicketEvent)[-1].detail["parts_sent"] == 1


def answer_in_parts(database: Database) -> None:
    """The bot's word on its ticket becomes a long one."""

    def lengthen(session: Session) -> None:
        session.get_one(Message, 2).text = "first part\n\nsecond part"

    database.transact(lengthen)
