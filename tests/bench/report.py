"""Figures from rounds, as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from tests.bench.talks import Round

#: What Frontdesk is measured against.
PEER = "rasa rest"

#: Rounds by (system, clients).
Rounds = Mapping[tuple[str, int], Sequence[Round]]


@dataclass(frozen=True, slots=True)
class Figures:
    """One system with a number of clients; times in milliseconds."""

    system: str
    clients: int
    turns: int
    turns_a_second: float
    #: Of the turns a second, against Rasa's own channel with as many clients.
    ratio: float
    median_ms: float
    p95_ms: float
    #: Median of a turn without its wait for Rasa: our own time. Only with one client is it known which wait was whose.
    own_median_ms: float | None


def figures(rounds: Rounds) -> list[Figures]:
    """One line for each system and number of clients."""
    return [_figures(system, clients, found, rounds[PEER, clients]) for (system, clients), found in rounds.items()]


def show(found: Sequence[Figures], console: Console) -> None:
    """The table."""
    table = Table("system", "clients", "turns", "turns/s", "ratio", "median ms", "p95 ms", "own ms", box=None)
    for line in found:
        own = f"{line.own_median_ms:.1f}" if line.own_median_ms is not None else ""
        table.add_row(
            line.system,
            str(line.clients),
            f"{line.turns:,}",
            f"{line.turns_a_second:.1f}",
            f"{line.ratio:.2f}",
            f"{line.median_ms:.1f}",
            f"{line.p95_ms:.1f}",
            own,
        )
    console.print(table)


def write(found: Sequence[Figures], path: Path) -> None:
    """The same figures, with what they were measured on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cpus": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "database": "sqlite, WAL, synchronous=FULL",
        "quiet_seconds": 0,
        "figures": [asdict(line) for line in found],
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _figures(system: str, clients: int, rounds: Sequence[Round], peer: Sequence[Round]) -> Figures:
    turns = [turn for each in rounds for turn in each.turns]
    own = [turn - parse for each in rounds for turn, parse in zip(each.turns, each.parses, strict=False)]
    return Figures(
        system=system,
        clients=clients,
        turns=len(turns),
        turns_a_second=round(_rate(rounds), 1),
        ratio=round(_rate(rounds) / _rate(peer), 2),
        median_ms=round(1000 * median(turns), 2),
        p95_ms=round(1000 * quantiles(turns, n=20)[-1], 2),
        own_median_ms=round(1000 * median(own), 2) if own and clients == 1 else None,
    )


def _rate(rounds: Sequence[Round]) -> float:
    return sum(len(each.turns) for each in rounds) / sum(each.seconds for each in rounds)
