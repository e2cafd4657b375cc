"""Everything at once."""

from __future__ import annotations

import asyncio
import random

from bot.store.tables import MessageState
from tests.channels.house import House
from tests.channels.peer import Fault
from tests.channels.telegram.platform import PERSONS, Platform
from tests.samples import until

MESSAGES = 60


async def test_nothing_is_lost_doubled_or_mixed_up(house: House, peer: Platform) -> None:
    """Lines break, updates come twice, the channel is stopped and started: each message is stored once, in order."""
    chance = random.Random(20)  # noqa: S311 - the same storm every time
    names: list[str] = []
    said: dict[str, list[str]] = {person: [] for person in PERSONS}
    for run in range(3):
        async with house.open():
            for number in range(MESSAGES // 3):
                person = chance.choice(sorted(PERSONS))
                text = f"{person} {run} {number}"
                names.append(await peer.say(person, text))
                said[person].append(text)
                if chance.random() < 0.15:
                    await peer.cut()
                heard = [name for name in names if peer.confirmed(name)]
                if heard and chance.random() < 0.3:
                    await peer.repeat(chance.choice(heard))
                await asyncio.sleep(chance.random() * 0.02)
    async with house.open():
        await until(lambda: len(house.heard()) >= MESSAGES and not peer.server.pending)
    stored = [message.text for message in house.heard()]
    for person, texts in said.items():
        assert [text for text in stored if text.startswith(person)] == texts


async def test_answers_arrive_once_and_in_order(house: House, peer: Platform) -> None:
    """Whatever befalls them: what nobody can know is `unknown`, the rest is there once, as it was queued."""
    peer.pause = 1
    async with house.open():
        for person in ("ann", "bob"):
            await peer.say(person, "hello")
        await until(lambda: len(house.heard()) == 2)
        peer.faults["ann"] = [Fault.BROKEN, Fault.CUT]
        peer.faults["bob"] = [Fault.BUSY, Fault.SILENT]
        for person in ("ann", "bob"):
            await house.answer(person, *[f"{person} {number}" for number in range(6)])
        done = {MessageState.SENT, MessageState.UNKNOWN}
        await until(lambda: {message.state for message in house.said()} <= done)
    for person in ("ann", "bob"):
        assert [seen.text for seen in peer.seen(person)] == [f"{person} {number}" for number in range(6)]
    assert [message.text for message in house.said() if message.state is MessageState.UNKNOWN] == ["bob 0"]
