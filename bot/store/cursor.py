"""Where a page ended, as text that a page's address carries and that means nothing to anybody else."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Any

from bot.errors import Refused

#: Characters.
LONGEST = 8_000


def encode(*values: int | datetime | list[str]) -> str:
    """The text for `values`."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> list[Any]:
    """The values, each of its kind. Raises `Refused` for a text that `encode` did not make of such."""
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor[:LONGEST] + "=="))
        return [_value(value, kind) for value, kind in zip(plain, kinds, strict=True)]
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise Refused("this is not where a page ended: begin at the first") from error


def _value(plain: object, kind: type) -> Any:
    if kind is datetime and isinstance(plain, str):
        at = datetime.fromisoformat(plain)
        if at.tzinfo is None:
            raise ValueError(plain)
        return at
    if kind is int and isinstance(plain, int) and 0 <= plain < 2**63:
        return plain
    if kind is list and isinstance(plain, list) and all(isinstance(each, str) for each in plain):
        return plain
    raise ValueError(plain)
