"""A ticket's timeline as clocks read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from bot.sla.clocks import Did, Step

#: Lines that mean the same whoever wrote them. Others change no clock.
MEANING: Mapping[str, Did] = {
    "opened": Did.OPENED,
    "escalated": Did.CALLED,
    "message": Did.ASKED,
    "edited": Did.ASKED,
    "deleted": Did.RESUMED,
    "taken": Did.RESUMED,
    "replied": Did.ANSWERED,
    "pending": Did.PAUSED,
    "on_hold": Did.PAUSED,
    "released": Did.RELEASED,
    "solved": Did.ENDED,
    "closed": Did.ENDED,
}

#: Whoever is none of these is an agent.
NOBODY_HERE = ("user", "bot")


class Line(Protocol):
    """What is read of a `TicketEvent`."""

    at: datetime
    actor: str
    kind: str
    detail: dict[str, Any]


Whole = TypeVar("Whole", bound=Line)


def steps(lines: Iterable[Line]) -> list[Step]:
    """The history of a ticket, from its timeline in order."""
    return [Step(line.at, did) for line, did in counted(lines) if did]


def counted(lines: Iterable[Whole]) -> list[tuple[Whole, Did | None]]:
    """Each line with what it means for clocks, None for nothing.

    An answer that was taken back before it left is none. Given to an agent, a ticket that the bot had is worked on.
    """
    told = list(lines)
    unsent = {line.detail.get("message") for line in told if line.kind == "unsent"}
    last: Did | None = None
    found: list[tuple[Whole, Did | None]] = []
    for line in told:
        taken_back = line.kind == "replied" and line.detail.get("message") in unsent
        did = None if taken_back else _did(line, last)
        last = did or last
        found.append((line, did))
    return found


def _did(line: Line, last: Did | None) -> Did | None:
    if line.kind == "reopened":
        return Did.CALLED if line.actor in NOBODY_HERE else Did.REOPENED
    if line.kind == "assigned":
        return Did.RESUMED if last is Did.RELEASED else None
    return MEANING.get(line.kind)
