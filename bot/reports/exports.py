"""Tables as CSV that spreadsheets open safely."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

Cell = str | int | float | None

#: Without it some spreadsheets take UTF-8 for something else, and Chinese is lost.
BOM = "\ufeff"

#: A cell that begins so may be run as a formula, also behind blanks and in full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The file line by line. Texts that a spreadsheet would run begin with an apostrophe; numbers stay numbers."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(BOM)
    for row in chain((header,), rows):
        writer.writerow([_safe(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, str) and (cell.startswith(FORMULA) or cell.strip().startswith(FORMULA)):
        return f"'{cell}"
    return cell
