"""`python -m tests.bench.understanding path/to/questions.csv`: trains, asks, prints a table and writes JSON."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.table import Table

from tests.acceptance.house import ROOT
from tests.bench.understanding import draws, parts
from tests.bench.understanding.parts import Figures, Part

console = Console(stderr=True, highlight=False)


class Name(StrEnum):
    """What can be measured alone."""

    FOLDS = "folds"
    FEW = "few"
    SPEED = "speed"
    UNKNOWN = "unknown"


PARTS: dict[Name, Part] = {
    Name.FOLDS: parts.five_folds,
    Name.FEW: parts.few,
    Name.SPEED: parts.speed,
    Name.UNKNOWN: parts.unknown,
}


def main(
    data: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV with the columns text, category.")],
    only: Annotated[list[Name] | None, typer.Option(help="Parts to measure; all unless named.")] = None,
    out: Annotated[Path, typer.Option("--json", help="Where the figures go.")] = ROOT / "var" / "understanding.json",
) -> None:
    """Measures how well and how fast the example's pipeline understands. Parts run before keep their figures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    examples = draws.read(data)
    console.print(f"{len(examples):,} questions in {len({example.intent for example in examples})} intents")
    for name in only or Name:
        _keep(out, name, asyncio.run(PARTS[name](examples, console)))
    _show(json.loads(out.read_text(encoding="utf-8")), only or list(Name))


def _keep(out: Path, name: Name, figures: Figures) -> None:
    """Writes a part as soon as it is measured, so that an end in the middle loses no more than the next."""
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    machine = {"cpus": os.cpu_count(), "load": os.getloadavg(), "system": platform.platform()}
    found[name] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine, "figures": figures}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _show(found: dict[str, Any], names: Sequence[Name]) -> None:
    table = Table("part", "figure", "value", "each", box=None)
    for name in names:
        figures = found[name]["figures"]
        for key, value in figures.items():
            if not isinstance(value, list):
                each = figures.get("each" if key == "accuracy" else f"{key}_each", [])
                table.add_row(name, key.replace("_", " "), _text(key, value), " ".join(_text(key, one) for one in each))
    Console().print(table)


def _text(key: str, value: float) -> str:
    return f"{value:.1f}" if key.endswith(("_seconds", "_ms")) else f"{100 * value:.1f} %"


if __name__ == "__main__":
    typer.run(main)
