"""`python -m tests.bench.desk`: whether list, search and open stay quick with 100,000 tickets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tests.acceptance.house import ROOT
from tests.bench.desk.measure import LARGEST_RATIO, LONGEST_MS, measured, table
from tests.bench.desk.rows import SAID, Size
from tests.bench.desk.store import stored


def main(
    tickets: Annotated[int, typer.Option(min=1_000, help="How many; each has 10 messages.")] = 100_000,
    folder: Annotated[Path, typer.Option(help="Where the databases are kept.")] = ROOT / "var" / "bench",
) -> None:
    """Measures the desk with many tickets, and with a hundredth of them."""
    console = Console(stderr=True, highlight=False)
    sizes = Size(tickets), Size(tickets // 100)
    full, hundredth = ((size, stored(folder, size, console)) for size in sizes)
    console.print(f"{tickets:,} tickets with {tickets * SAID:,} messages against {sizes[1].tickets:,}")
    found = measured(full, hundredth)
    Console().print(table(found))
    if not all(line.kept for line in found):
        console.print(f"not all below {LONGEST_MS:.0f} ms and {LARGEST_RATIO} times", style="red")
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
