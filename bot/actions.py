"""What the bot can do with a turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Silence:
    """A human answers here."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Say what is approved for `intent`. `another`: it is the next best after one that did not help."""

    intent: str
    confidence: float | None = None
    another: bool = False


@dataclass(frozen=True, slots=True)
class Clarify:
    """Ask which of `intents` is meant."""

    intents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for `fact`; `first` where it is the first of several, `again` where what was told cannot be it."""

    fact: str
    first: bool
    again: bool = False


@dataclass(frozen=True, slots=True)
class Escalate:
    """Open a ticket about `topic`. `answer` names an intent whose approved text comes first.

    `doubts` says of a value among `facts` which check it failed.
    """

    reason: str
    topic: str | None
    facts: Mapping[str, str] = field(default_factory=dict)
    tried: tuple[str, ...] = ()
    answer: str | None = None
    doubts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TellStatus:
    """Say how a ticket stands; the newest one where `number` is None."""

    number: str | None


@dataclass(frozen=True, slots=True)
class SwitchLanguage:
    """Speak `language` from now on; None where the user named none that is known."""

    language: str | None


@dataclass(frozen=True, slots=True)
class Rate:
    """The user says how a ticket went, 1 to 5, and perhaps why."""

    ticket_id: int
    score: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """The user says why the score of a ticket was what it was; "" where they would rather not."""

    ticket_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Say:
    """One of Frontdesk's own sentences."""

    name: str


@dataclass(frozen=True, slots=True)
class BookCall:
    """Have the user called at `slot_at`; not at all where that is None."""

    slot_at: datetime | None


Decision = Silence | Answer | Clarify | Ask | Escalate | TellStatus | SwitchLanguage | Rate | Comment | Say | BookCall
