"""People on every platform at once, who write whatever happens, and platforms that misbehave meanwhile."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.acceptance.customer import scripts
from tests.acceptance.house import House
from tests.acceptance.peers import Side
from tests.channels.peer import GUESTS, Fault

#: The share of messages whose answer meets a fault, and of those delivered once more after they were stored.
FAULTY = 0.25
ONCE_MORE = 0.1
#: Seconds between two storms over a channel, and those for which its lines are refused then.
CALM = (3.0, 8.0)
OUTAGE = 1.0

#: What answers can meet. A page asks for them itself: there it is what people write that meets something.
FAULTS = {"webchat": (Fault.SILENT,)}
PLAIN = (Fault.BUSY, Fault.BROKEN, Fault.CUT, Fault.SILENT)


@dataclass(slots=True)
class Guest:
    """One person on one channel, with bursts of messages, each with the number of the server's life it falls into."""

    name: str
    channel: str
    side: Side
    script: Sequence[tuple[int, Sequence[str]]]
    #: What they wrote, in order, and how the platform calls it.
    said: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    redelivered: int = 0
    #: What answers to them should meet.
    met: Counter[Fault] = field(default_factory=Counter)

    @property
    def handle(self) -> str:
        """As the database knows them, once they wrote."""
        return self.side.place(self.name).handle

    async def greet(self) -> None:
        """The first message: no bot on Discord is told later of a chat it has never heard of."""
        await self._say(self.script[0][1][0])

    async def talk(self, house: House, lives: Sequence[asyncio.Event], chance: random.Random, spread: float) -> None:
        """The others, each burst within `spread` seconds of the beginning of its life."""
        for number, (life, burst) in enumerate(self.script):
            await lives[life].wait()
            await asyncio.sleep(chance.uniform(0, spread / 2))
            for text in burst[1:] if number == 0 else burst:
                if chance.random() < FAULTY and not self.side.faults.get(self.name):
                    fault = chance.choice(FAULTS.get(self.channel, PLAIN))
                    self.side.faults[self.name] = [fault]
                    self.met[fault] += 1
                await self._say(text)
            if chance.random() < ONCE_MORE * len(burst):
                await self._once_more(house, chance)

    async def _say(self, text: str) -> None:
        self.ids.append(await self.side.say(self.name, text))
        self.said.append(text)

    async def _once_more(self, house: House, chance: random.Random) -> None:
        """Only what was delivered is delivered again: no platform puts a message before an older one."""
        stored = house.ask(_STORED, self.channel, self.handle)[0][0]
        if stored:
            self.redelivered += 1
            await self.side.repeat(chance.choice(self.ids[:stored]))


_STORED = """SELECT count(*) FROM message JOIN conversation ON conversation.id = message.conversation_id
JOIN address ON address.id = conversation.address_id
WHERE author = 'user' AND message.channel = ? AND address.handle = ?"""


def crowd(
    chance: random.Random, sides: dict[str, Side], pools: Sequence[Sequence[str]], size: int, lives: int
) -> list[Guest]:
    """So many messages, the same number on each channel, of persons who say six each, or more where that is a crowd."""
    share = size // len(sides)
    people = min(share // 6, len(GUESTS))
    return [
        Guest(name, channel, side, script)
        for channel, side in sides.items()
        for name, script in zip(GUESTS, _scripts(chance, pools, lives, people, share), strict=False)
    ]


def _scripts(
    chance: random.Random, pools: Sequence[Sequence[str]], lives: int, people: int, share: int
) -> Iterator[list[tuple[int, list[str]]]]:
    """`share` messages of `people`: who comes first says those that do not divide."""
    each, left = divmod(share, people)
    yield from scripts(chance, pools, lives, left, each + 1)
    yield from scripts(chance, pools, lives, people - left, each)


async def storms(side: Side, chance: random.Random, met: Counter[str]) -> None:
    """Until cancelled: lines break, or are refused for a while."""
    while True:
        await asyncio.sleep(chance.uniform(*CALM))
        if chance.random() < 0.5:
            met["lines cut"] += 1
            await side.cut()
            continue
        met["outages"] += 1
        await side.outage(on=True)
        try:
            await asyncio.sleep(OUTAGE)
        finally:
            await side.outage(on=False)
