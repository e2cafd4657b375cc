"""One real `frontdesk up` with all its channels on at once, each with people at the other end of a real socket."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

from tests.acceptance.conftest import Start
from tests.acceptance.house import PATIENCE, House
from tests.acceptance.peers import Side

#: Seconds in which a bot that should be silent would have spoken.
SILENCE = 2


async def holds(condition: Callable[[], object], what: str) -> None:
    """Returns once it holds; says what never did."""
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends, what
        await asyncio.sleep(0.1)


async def round_of(name: str, side: Side, house: House) -> None:
    """A question in each language, an escalation, an agent's answer, and a silent bot meanwhile."""

    def text(person: str) -> str:
        return "\n".join(seen.text for seen in side.seen(person))

    async def agent(*arguments: str) -> None:
        await asyncio.to_thread(house.run, "tickets", *arguments, "--as", "Anna")

    await side.say("ann", "how long does a withdrawal take?")
    await side.say("bob", "提现要多久")
    await holds(lambda: "security check" in text("ann"), f"{name}: no answer in English")
    await holds(lambda: "链上" in text("bob"), f"{name}: no answer in Chinese")
    await side.say("ann", "I want a human")
    await holds(lambda: re.search(r"FD-\d+", text("ann")), f"{name}: no ticket")
    number = re.findall(r"FD-\d+", text("ann"))[-1]
    await agent("take", number)
    await holds(lambda: "Anna" in text("ann"), f"{name}: nobody says that Anna is there")
    before = len(side.seen("ann"))
    await side.say("ann", "how long does a withdrawal take?")
    await asyncio.sleep(SILENCE)
    await agent("reply", number, "Your withdrawal left a minute ago.")
    await holds(lambda: "left a minute ago" in text("ann"), f"{name}: the agent's answer does not arrive")
    assert len(side.seen("ann")) == before + 1, f"{name}: the bot spoke over Anna"


async def test_every_channel_at_once(town: House, start: Start, sides: dict[str, Side]) -> None:
    """People are answered in their language where they write, and handed over; nothing secret is logged."""
    await start(town).ready()
    await asyncio.gather(*(round_of(name, side, town) for name, side in sides.items()))
    shown = (await asyncio.to_thread(town.run, "channels")).stdout.decode()
    assert {line.split()[0] for line in shown.splitlines() if not line.startswith(" ")} == sides.keys()
    logs = town.logs()
    assert not [secret for side in sides.values() for secret in side.secrets if secret in logs]
