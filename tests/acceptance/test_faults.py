"""Nothing is lost, said twice or out of order on any channel when platforms misbehave and the server dies.

The full run of 2,000 messages: `FRONTDESK_TEST_FAULTS=2000 .venv/bin/pytest -s tests/acceptance/test_faults.py`;
without the variable it is a brisk one. `FRONTDESK_TEST_SEED` repeats the choices of an earlier run.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from rich.console import Console
from rich.table import Table

from tests.acceptance.accounts import Account
from tests.acceptance.conftest import Start
from tests.acceptance.crowd import Guest, crowd, storms
from tests.acceptance.customer import questions
from tests.acceptance.house import PATIENCE, ROOT, House, Up, family, gone
from tests.acceptance.peers import Side
from tests.acceptance.test_kill import EARLY, HUMANS, STRANGE, unfinished

SIZE = int(os.environ.get("FRONTDESK_TEST_FAULTS") or 300)
KILLS = 3
#: Seconds of each life of the server in which people write, and within which its kill comes: five messages in a second.
SPREAD = max(5.0, SIZE / 20 / (KILLS + 1))
#: Seconds until everything is answered: the last tries at what a fault put off, after all the others.
LONGEST = PATIENCE + SIZE / 5

shown = Console(width=140, highlight=False)


async def test_faults_and_kills_lose_nothing(town: House, start: Start, sides: dict[str, Side]) -> None:
    """Messages over all channels, faults of every kind, three SIGKILLs: each message is in one turn, answered or filed.

    People see every answer once and in order; at most those that a platform cannot tell of may be missing.
    """
    chance = random.Random(seed := int(os.environ.get("FRONTDESK_TEST_SEED") or random.randrange(10**6)))  # noqa: S311
    shown.print(f"FRONTDESK_TEST_SEED={seed} FRONTDESK_TEST_FAULTS={SIZE}")
    guests = crowd(chance, sides, [*questions(ROOT / "intents"), STRANGE, HUMANS], SIZE, KILLS + 1)
    up = start(town)
    await up.ready()
    async with asyncio.TaskGroup() as greeting:
        for guest in guests:
            greeting.create_task(guest.greet())
    await answered(town, up, guests)
    lives = [asyncio.Event() for _ in range(KILLS + 1)]
    async with weather(sides, chance) as met, asyncio.timeout(2 * LONGEST), asyncio.TaskGroup() as talking:
        for guest in guests:
            talking.create_task(guest.talk(town, lives, chance, SPREAD))
        up = await killed_and_started(town, start, up, lives, chance)
    await answered(town, up, guests)
    of = {name: [guest for guest in guests if guest.channel == name] for name in sides}
    accounts = {name: Account(town, name, of[name], met[name]) for name in sides}
    tell({name: account.row() for name, account in accounts.items()})
    everything = family(up.process.pid)
    assert await up.stop() == 0
    await gone(everything)
    for account in accounts.values():
        assert account.wrong.lost == []
        assert account.wrong.twice == []
        assert account.wrong.late == []
    assert sum(account.row()["stored"] for account in accounts.values()) == SIZE
    assert not town.ask("SELECT reason FROM ticket WHERE reason = 'fault'")
    assert "Traceback" not in town.logs()


async def killed_and_started(
    house: House, start: Start, up: Up, lives: Sequence[asyncio.Event], chance: random.Random
) -> Up:
    """`up` and its successors end by SIGKILL at a random moment of their work; the one that stays.

    A third of them have no Rasa yet.
    """
    before: set[int] = set()
    for number in range(KILLS):
        lives[number].set()
        early = chance.random() < EARLY
        await (up.serving() if early else up.ready())
        await asyncio.sleep(pause := chance.uniform(0, SPREAD / 2))
        before |= family(up.process.pid)
        await up.kill()
        moment = f"{pause:.2f} s after {'it served' if early else 'Rasa was ready'}"
        shown.print(f"kill {number + 1}: {moment}; unfinished then: {unfinished(house)}")
        up = start(house)
    lives[KILLS].set()
    await up.ready()
    await gone(before)
    return up


@asynccontextmanager
async def weather(sides: dict[str, Side], chance: random.Random) -> AsyncIterator[dict[str, Counter[str]]]:
    """Storms over every channel; what they were."""
    met = {name: Counter[str]() for name in sides}
    tasks = [asyncio.create_task(storms(side, chance, met[name])) for name, side in sides.items()]
    try:
        yield met
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in ended] == [asyncio.CancelledError] * len(tasks), ended


async def answered(house: House, up: Up, guests: Sequence[Guest]) -> None:
    """Returns once everything people wrote is stored and nothing waits, or says what does."""
    said = Counter(guest.channel for guest in guests for _ in guest.said)
    stored: Counter[str] = Counter()
    try:
        async with asyncio.timeout(LONGEST):
            while stored != said or unfinished(house):
                assert up.process.poll() is None
                await asyncio.sleep(0.5)
                stored = Counter(dict(house.ask(_STORED)))
    except TimeoutError:
        shown.print(f"not stored: {said - stored}; stored too often: {stored - said}; waiting: {unfinished(house)}")


_STORED = "SELECT channel, count(*) FROM message WHERE author = 'user' GROUP BY channel"


def tell(rows: dict[str, dict[str, int]]) -> None:
    """A column a channel, and their sum."""
    table = Table("", *rows, "all", box=None)
    for name in next(iter(rows.values())):
        counts = [row[name] for row in rows.values()]
        table.add_row(name, *(f"{count:,}" for count in [*counts, sum(counts)]))
    shown.print(table)
