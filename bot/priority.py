"""How urgent a ticket is."""

from __future__ import annotations

from typing import Literal, get_args

Priority = Literal["urgent", "high", "normal", "low"]

#: All of them, most urgent first.
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
