"""Whether list, search and open stay quick with many tickets."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from tests.bench.desk.measure import LARGEST_RATIO, LONGEST_MS, measured, table
from tests.bench.desk.rows import SAID, Size
from tests.bench.desk.store import stored


def run(tickets: int, folder: Path, console: Console) -> bool:
    """Measures with so many tickets and with a hundredth of them, prints the figures, and says whether all is kept."""
    sizes = Size(tickets), Size(tickets // 100)
    full, hundredth = ((size, stored(folder, size, console)) for size in sizes)
    console.print(f"{tickets:,} tickets with {tickets * SAID:,} messages, and {sizes[1].tickets:,} with as many each")
    found = measured(full, hundredth)
    for _, database in (full, hundredth):
        database.close()
    Console().print(table(found))
    kept = all(line.kept for line in found)
    if not kept:
        console.print(f"not all below {LONGEST_MS:.0f} ms and {LARGEST_RATIO} times", style="red")
    return kept
