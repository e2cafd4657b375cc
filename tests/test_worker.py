"""Turns: one at a time in a conversation, many conversations at once."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation import Content, now
from bot.settings import Settings
from bot.store.database import Database
from bot.store.tables import Message
from channels.words import Place
from tests.floor import BOB, Floor, Mind, at_work, floor_of, replies, until_handled
from tests.samples import arrive, conversation, escalated, inbound, rows, timeline, until

pytestmark = pytest.mark.usefixtures("quick")


async def test_message_is_answered(database: Database, content: Content, settings: Settings, mind: Mind) -> None:
    """A message becomes an approved answer in its language, and whoever sends is told that something waits."""
    async with at_work(floor_of(database, content, settings, mind)) as floor:
        floor.hear(inbound("请问提现一般需要多长时间才能到账"))
        await until(lambda: floor.settled)
    approved = {variation.text.strip() for variation in content.answers.said["zh"]["utter_withdrawal_time"]}
    (reply,) = replies(database)
    assert reply.strip() in {text.replace("{brand}", "Example Exchange") for text in approved}
    assert rows(database, Message)[-1].answers_id == 1
    assert conversation(database).language == "zh"


async def test_conversation_is_worked_on_one_turn_at_a_time(floor: Floor, mind: Mind) -> None:
    """What comes during a turn waits for its end, in order, while other conversations are answered."""
    gate = asyncio.Event()

    async def hold(text: str) -> None:
        if text == "first of ann":
            await gate.wait()

    mind.before = hold
    floor.hear(inbound("first of ann"))
    await until(lambda: mind.asked)
    floor.hear(inbound("second of ann", "e2"))
    floor.hear(inbound("from bob", "e3", BOB))
    await until_handled(floor.database, 1)
    assert mind.asked == ["first of ann", "from bob"]
    gate.set()
    await until_handled(floor.database, 3)
    assert mind.asked == ["first of ann", "from bob", "second of ann"]
    answered = [message.answers_id for message in rows(floor.database, Message) if message.answers_id]
    assert answered == [3, 1, 2]


async def test_burst_is_one_turn(floor: Floor, mind: Mind) -> None:
    """Messages in quick succession are understood together and answered once."""
    first = arrive(floor.database, inbound("my withdrawal"))
    arrive(floor.database, inbound("takes very long", "e2"))
    floor.worker.expect(first.conversation_id, now())
    await until_handled(floor.database, 2)
    assert mind.asked == ["my withdrawal\ntakes very long"]
    assert len(replies(floor.database)) == 1


async def test_later_message_moves_the_turn(floor: Floor, mind: Mind) -> None:
    """A turn that was expected soon is put off by the message that comes before it, instead of running twice."""
    arrival = arrive(floor.database, inbound("one"), now())
    assert arrival.ready_at
    floor.worker.expect(arrival.conversation_id, arrival.ready_at)
    floor.hear(inbound("two", "e2"))
    await until_handled(floor.database, 2)
    assert mind.asked == ["one\ntwo"]


async def test_turns_of_before_a_restart_are_found(floor: Floor, mind: Mind) -> None:
    """A message that was stored and never announced, as after a kill, is answered all the same."""
    arrive(floor.database, inbound("left behind"))
    await until_handled(floor.database, 1)
    assert mind.asked == ["left behind"]


async def test_message_for_a_human_waits_for_nobody(floor: Floor, mind: Mind) -> None:
    """However many turns wait for Rasa, what is for an agent reaches the ticket."""
    gate = asyncio.Event()

    async def hold(_: str) -> None:
        await gate.wait()

    escalated(floor.database)
    mind.before = hold
    for number in range(50):
        place = Place(account="bot-1", handle=f"visitor-{number}")
        floor.hear(inbound("how long does it take", f"v{number}", place))
    await until(lambda: len(mind.asked) == 50)
    floor.hear(inbound("are you there?", "e2"))
    await until_handled(floor.database, 2)
    assert timeline(floor.database)[-1] == ("user", "message")
    gate.set()
