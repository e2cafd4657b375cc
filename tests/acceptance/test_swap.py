"""Another model goes live while people write, and nobody notices."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Sequence
from itertools import cycle

from tests.acceptance.conftest import Build, Start
from tests.acceptance.customer import Customer, questions
from tests.acceptance.house import PATIENCE, ROOT, House, gone
from tests.acceptance.ledger import Ledger
from tests.acceptance.test_kill import open_pages, settled, tell

#: Conversations that each send a message a second.
PEOPLE = 50


async def test_a_swap_under_load_loses_and_fails_nothing(build: Build, start: Start) -> None:
    """50 messages a second through a swap and a rollback: Rasa handles each, none is lost, twice or out of order."""
    house = build()
    other = house.model.with_name("another.tar.gz")
    shutil.copy(house.model.resolve(), other)
    customers = [Customer(number, ()) for number in range(PEOPLE)]
    up = start(house)
    await up.ready()
    first = up.rasa()
    chance = random.Random(0)  # noqa: S311  # which question is asked when, not a secret
    async with open_pages(house, customers, [], chance) as arrived:
        await arrived
        swapped = asyncio.create_task(swap_and_go_back(house))
        await asyncio.gather(*(speak(customer, chance, swapped) for customer in customers))
        await swapped
        await settled(house, up)
        transcripts = {customer.number: await customer.transcript() for customer in customers}
    assert "another" in house.run("model", "list").stdout.decode()
    ledger = Ledger(house, customers, transcripts)
    tell("two swaps", ledger.counts())
    assert ledger.wrongs() == {}
    assert "tickets, reason down" not in ledger.counts()
    assert house.logs().count('"event": "model.live"') == 2
    await gone({first})
    assert await up.stop() == 0


async def swap_and_go_back(house: House) -> None:
    """A second of the present model, then another model, then the one before, then a second of that."""
    await asyncio.sleep(1)
    used = await asyncio.to_thread(house.run, "model", "use", "another")
    assert b"another is live" in used.stdout
    back = await asyncio.to_thread(house.run, "model", "rollback")
    assert b"is live" in back.stdout
    await asyncio.sleep(1)


async def speak(customer: Customer, chance: random.Random, until: asyncio.Task[None]) -> None:
    """A message a second until the swaps are done."""
    asked = cycle(_shuffled(questions(ROOT / "intents")[customer.number % 2], chance))
    async with asyncio.timeout(2 * PATIENCE):
        while not until.done():
            begun = asyncio.get_running_loop().time()
            await asyncio.sleep(chance.random() / 2)
            await customer.say(next(asked))
            await asyncio.sleep(max(0.0, begun + 1 - asyncio.get_running_loop().time()))


def _shuffled(texts: Sequence[str], chance: random.Random) -> list[str]:
    return chance.sample(texts, len(texts))
