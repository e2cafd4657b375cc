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
    "call_done": Did.ANSWERED,
    "pending": Did.PAUSED,
    "on_hold": Did.PAUSED,
    "released": Did.RELEASED,
    "solved": Did.ENDED,
    "closed": Did.ENDED,
    "merged": Did.ENDED,
    "split_off": Did.OPENED,
}

#: Whoever is none of these is an agent.
NOBODY_HERE = ("user", "bot")


class Line(Protocol):
    """What is read of a `TicketEvent`."""

    id: int
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
    While it was merged into another, until that was undone, nobody waited for it.
    """
    told = list(lines)
    unsent = {line.detail.get("message") for line in told if line.kind == "unsent"}
    undone = {line.detail.get("line") for line in told if line.kind == "undone"}
    merges = {line.id: line for line in told if line.kind == "merged" and line.id in undone}
    last: Did | None = None
    found: list[tuple[Whole, Did | None]] = []
    for line in told:
        did = None if line.kind == "replied" and line.detail.get("message") in unsent else _did(line, last, merges)
        last = did or last
        found.append((line, did))
    return found


def _did(line: Line, last: Did | None, undone: Mapping[int, Line]) -> Did | None:
    """`last` is what was done before; `undone` are the merges that were undone later, by the line's id."""
    match line.kind:
        case "reopened":
            return Did.CALLED if line.actor in NOBODY_HERE else Did.REOPENED
        case "assigned":
            return Did.RESUMED if last is Did.RELEASED else None
        case "merged" if line.id in undone:
            return Did.RELEASED
        case "undone":
            return _undone(line, undone)
    return MEANING.get(line.kind)


def _undone(line: Line, undone: Mapping[int, Line]) -> Did | None:
    """A merge undone, the user waits again if they did before; a ticket that was split off ends where it is undone."""
    merge = undone.get(line.detail.get("line", 0))
    if merge:
        return Did.CALLED if merge.detail.get("waiting_since") else Did.REOPENED
    return Did.ENDED if line.detail.get("what") == "split_off" else None
