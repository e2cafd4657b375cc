"""Nothing is lost, said twice or out of order when the server dies without warning."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
from rich.console import Console
from rich.table import Table

from tests.acceptance.conftest import Build, Start
from tests.acceptance.customer import Customer, questions, scripts
from tests.acceptance.house import PATIENCE, ROOT, House, Up, family, gone
from tests.acceptance.ledger import Ledger

#: FRONTDESK_TEST_KILLS asks for more.
KILLS = int(os.environ.get("FRONTDESK_TEST_KILLS") or 5)
#: Seconds, from the start or from Rasa's being ready on, within which a life's messages are sent and its kill comes.
SPREAD = 5.0
#: The share of kills that come before Rasa is ready.
EARLY = 0.3

STRANGE = ["what's the weather like tomorrow", "tell me a joke", "我想订一张去上海的火车票", "今天晚上吃什么"]
HUMANS = ["agent", "人工", "转人工", "I want a human"]

shown = Console(width=120, highlight=False)


async def test_kills_lose_nothing(build: Build, start: Start) -> None:
    """1,000 messages of 100 conversations over the SIGKILLs: each is in exactly one turn, answered once or on a ticket.

    Customers see everything once and in order, and no process is left behind.
    """
    chance = random.Random(seed := int(os.environ.get("FRONTDESK_TEST_SEED") or random.randrange(10**6)))  # noqa: S311
    shown.print(f"FRONTDESK_TEST_SEED={seed}")
    house = build()
    pools = [*questions(ROOT / "intents"), STRANGE, HUMANS]
    customers = [Customer(number, script) for number, script in enumerate(scripts(chance, pools, KILLS + 1))]
    lives = [asyncio.Event() for _ in range(KILLS + 1)]
    async with open_pages(house, customers, lives, chance) as written:
        up = await killed_and_started(house, start, lives, chance)
        async with asyncio.timeout(PATIENCE):
            await written
        await settled(house, up)
        transcripts = {customer.number: await customer.transcript() for customer in customers}
    everything = family(up.process.pid)
    assert await up.stop() == 0
    await gone(everything)
    ledger = Ledger(house, customers, transcripts)
    tell(f"{KILLS} kills", ledger.counts())
    assert ledger.wrongs() == {}
    assert ledger.counts()["messages handled"] == 1_000
    assert ledger.counts()["conversations answered by the bot"] > 90
    assert "Traceback" not in house.logs()


async def killed_and_started(house: House, start: Start, lives: Sequence[asyncio.Event], chance: random.Random) -> Up:
    """Lives that end by SIGKILL at a random moment, and the one that stays."""
    before: set[int] = set()
    for number in range(KILLS):
        up = start(house)
        moment = await random_moment(up, lives[number], chance)
        before |= family(up.process.pid)
        await up.kill()
        shown.print(f"kill {number + 1}: {moment}; unfinished then: {unfinished(house)}")
    up = start(house)
    lives[KILLS].set()
    await up.ready()
    await gone(before)
    return up


async def random_moment(up: Up, life: asyncio.Event, chance: random.Random) -> str:
    """Returns at a random moment of a start or of the time after it, and says when that is; `life` begins before it."""
    early = chance.random() < EARLY
    if not early:
        await up.ready()
    life.set()
    pause = chance.uniform(0, SPREAD)
    await asyncio.sleep(pause)
    return f"{pause:.2f} s after {'the start' if early else 'Rasa was ready'}"


@asynccontextmanager
async def open_pages(
    house: House, customers: Sequence[Customer], lives: Sequence[asyncio.Event], chance: random.Random
) -> AsyncIterator[asyncio.Future[list[None]]]:
    """All customers with their pages open; what is yielded is done once each has said everything."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=house.chat, timeout=20, trust_env=False, limits=limits) as client:

        async def visit(customer: Customer) -> None:
            await customer.arrive(client)
            pages.append(asyncio.create_task(customer.watch()))
            await customer.talk(lives, chance, SPREAD)

        pages: list[asyncio.Task[None]] = []
        written = asyncio.gather(*map(visit, customers))
        try:
            yield written
        finally:
            written.cancel()
            for page in pages:
                page.cancel()
            await asyncio.gather(written, *pages, return_exceptions=True)


def unfinished(house: House) -> dict[str, int]:
    """Messages by the state they were in when the server died."""
    states = "SELECT state, count(*) FROM message WHERE state IN ('received', 'queued', 'sending') GROUP BY state"
    return dict(house.ask(states)) if (house.var / "frontdesk.db").exists() else {}


async def settled(house: House, up: Up) -> None:
    """Returns once nothing waits: no turn, no reply."""
    async with asyncio.timeout(PATIENCE):
        while unfinished(house):
            assert up.process.poll() is None
            await asyncio.sleep(0.2)


def tell(title: str, counts: dict[str, int]) -> None:
    table = Table("what", "count", title=title, box=None)
    for name, count in counts.items():
        table.add_row(name, f"{count:,}")
    shown.print(table)
