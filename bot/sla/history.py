"""A ticket's timeline as clocks read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

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


def steps(lines: Iterable[Line]) -> list[Step]:
    """The history of a ticket, from its timeline in order.

    An answer that was taken back before it left is none. Given to an agent, a ticket that the bot had is worked on.
    """
    told = list(lines)
    unsent = {line.detail.get("message") for line in told if line.kind == "unsent"}
    kept = [line for line in told if line.kind != "replied" or line.detail.get("message") not in unsent]
    found: list[Step] = []
    for line in kept:
        did = _did(line, found)
        if did:
            found.append(Step(line.at, did))
    return found


def _did(line: Line, before: Sequence[Step]) -> Did | None:
    if line.kind == "reopened":
        return Did.CALLED if line.actor in NOBODY_HERE else Did.REOPENED
    if line.kind == "assigned":
        return Did.RESUMED if before and before[-1].did is Did.RELEASED else None
    return MEANING.get(line.kind)
