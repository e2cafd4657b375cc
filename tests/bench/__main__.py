"""`python -m tests.bench`: Rasa's own channel and ours, taking turns; and the desk with many tickets."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console

from tests.acceptance.house import ROOT
from tests.bench import frontdesk, peer, questions, report
from tests.bench.desk.run import run
from tests.bench.frontdesk import Frontdesk
from tests.bench.report import PEER
from tests.bench.talks import Round, Talk, lead, rest, web_chat

#: The machine's pace changes from minute to minute, so the systems are measured in turn, this many times.
ROUNDS = 5
CLIENTS = (1, 8)
#: Turns of each system before anything is measured.
WARM = 40


class Part(StrEnum):
    """What is measured: turns a second against Rasa's own channel, or the desk with many tickets."""

    TURNS = "turns"
    DESK = "desk"


console = Console(stderr=True, highlight=False)

#: Leads conversations with a system, some at a time.
Lead = Callable[[Sequence[Sequence[str]], int], Awaitable[Round]]


def main(
    turns: Annotated[int, typer.Option(min=100, help="Turns of each system with each number of clients.")] = 1_000,
    out: Annotated[Path, typer.Option("--json", help="Where the figures go as JSON.")] = ROOT / "var" / "bench.json",
    tickets: Annotated[int, typer.Option(min=1_000, help="Tickets on the desk; each has 10 messages.")] = 100_000,
    only: Annotated[Part | None, typer.Option(help="One part alone.")] = None,
) -> None:
    """Measures turns a second and our own time per turn; then list, search and open of tickets at the desk."""
    if only is not Part.DESK:
        _turns(turns, out)
    if only is not Part.TURNS and not run(tickets, ROOT / "var" / "bench", console):
        raise typer.Exit(1)


def _turns(turns: int, out: Path) -> None:
    rounds = asyncio.run(_bench(turns))
    found = report.figures(rounds)
    report.show(found, Console())
    report.write(found, out)


async def _bench(turns: int) -> report.Rounds:
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as folder:
        project = peer.write(Path(folder) / "intents")
        with console.status("Training Rasa with rules"):
            model = await peer.trained(project)
        async with (
            peer.served(project, model) as rasa,
            frontdesk.served(Path(folder) / "frontdesk", rasa) as ours,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        ):
            texts = await questions.answered(rasa)
            console.print(f"{len(texts)} questions that both answer")
            systems = _systems(session, rasa, ours)
            return await _rounds(systems, texts, turns)


def _systems(session: aiohttp.ClientSession, rasa: str, ours: Frontdesk) -> dict[str, Lead]:
    async def chat(conversations: Sequence[Sequence[str]], clients: int) -> Round:
        found = await lead(web_chat(session, ours.url), conversations, clients)
        found.parses = await ours.parses()
        return found

    return {PEER: _outside(rest(session, rasa)), "frontdesk web chat": chat, "frontdesk in process": ours.terminal}


def _outside(talk: Talk) -> Lead:
    return lambda conversations, clients: lead(talk, conversations, clients)


async def _rounds(systems: dict[str, Lead], texts: Sequence[str], turns: int) -> report.Rounds:
    found: defaultdict[tuple[str, int], list[Round]] = defaultdict(list)
    for lead_ in systems.values():
        await lead_(list(questions.conversations(texts, WARM)), max(CLIENTS))
    for number in range(ROUNDS):
        for clients in CLIENTS:
            for name, lead_ in systems.items():
                console.print(f"round {number + 1} of {ROUNDS}: {name}, {clients} at a time", style="dim")
                part = list(questions.conversations(texts, turns // ROUNDS))
                found[name, clients].append(await lead_(part, clients))
    return found


if __name__ == "__main__":
    typer.run(main)
