"""What the company says of a person, as opposed to what the person says: over the API, or signed for the web chat."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

#: A text, a number or yes and no.
Value = str | int | float | bool

#: What an attribute may be called.
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

#: Attributes a person may have.
MOST = 50
#: Characters in a text.
LONGEST = 200
#: The largest number, up or down.
LARGEST = 10**15


@dataclass(frozen=True, slots=True)
class Vouched:
    """Attributes, and when the company said so; None takes one away. Raises `ValueError` for what `checked` refuses."""

    attributes: Mapping[str, Value | None]
    at: datetime

    def __post_init__(self) -> None:
        checked(self.attributes)


def checked(given: Mapping[str, object]) -> dict[str, Value | None]:
    """The attributes in `given`, whose values may be anything that JSON can say. Raises `ValueError`."""
    if len(given) > MOST:
        raise ValueError(f"{len(given)} attributes; {MOST} is the limit")
    return {name: _checked(name, value) for name, value in given.items()}


def _checked(name: str, value: object) -> Value | None:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name[:40]!a} is no name of an attribute: small letters, digits and _, at most 40")
    match value:
        case None | bool():
            return value
        case int() | float() if abs(value) <= LARGEST:
            return value
        case str() if len(value) <= LONGEST and value.isprintable():
            return value
    raise ValueError(
        f"{name} is neither a printable text of at most {LONGEST} characters, nor a number up to {LARGEST:.0e}, nor"
        " true, false or null"
    )
