"""Tables as CSV, for programs that run what looks like a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

#: Excel reads UTF-8 where it begins with this.
MARK = "\ufeff"

#: What a cell must not begin with, also behind blanks and in full width, lest it be computed.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def table(rows: Iterable[Sequence[object]]) -> str:
    """Rows as lines of CSV. Text that would be a formula gets a ' in front; numbers stay as they are."""
    written = StringIO()
    csv.writer(written).writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def _cell(value: object) -> object:
    risky = isinstance(value, str) and (value.startswith(FORMULA) or value.strip().startswith(FORMULA))
    return f"'{value}" if risky else value
