"""A turn: what is read of it, what is written, and what finishing tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.store.escalating import Escalation
from bot.store.links import Offer
from bot.store.ratings import Rated
from channels.words import Author, Choice, Owner, Place


@dataclass(frozen=True, slots=True)
class Heard:
    """An inbound message of a turn."""

    id: int
    text: str
    choice: str | None
    #: The platform's idea of the language.
    language: str | None
    files: int


@dataclass(frozen=True, slots=True)
class Matter:
    """What a human's ticket is about."""

    category: str
    priority: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Turn:
    """Everything unhandled in one conversation, and what is known about it."""

    conversation_id: int
    channel: str
    place: Place
    owner: Owner
    epoch: int
    language: str | None
    dialogue: dict[str, Any]
    messages: Sequence[Heard]
    #: Number of the ticket a human answers on.
    ticket: str | None
    #: Payloads of all buttons this conversation was ever shown; empty unless one was pressed now.
    offered: frozenset[str]
    #: The contact's.
    tier: str = ""
    #: Of `ticket`.
    matter: Matter | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot wants to say. `{ticket}` in `text` becomes the number of the ticket this turn opens or has."""

    text: str
    language: str
    choices: Sequence[Choice] = ()
    intent: str | None = None
    confidence: float | None = None
    #: `SYSTEM` warns of a secret while a human answers.
    author: Author = Author.BOT
    #: The message it answers; None for the turn's last.
    about: int | None = None
    #: Said where this one answers; a warning wherever a human does.
    under: Owner = Owner.BOT


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a turn ended."""

    language: str | None
    dialogue: dict[str, Any]
    replies: Sequence[Reply] = ()
    escalation: Escalation | None = None
    understood: dict[str, Any] | None = None
    intent: str | None = None
    confidence: float | None = None
    #: The person said that the answer helped.
    helped: bool = False
    #: The link to the web chat that stands in `replies`.
    link: Offer | None = None
    #: The bot goes on where a ticket waits in the queue, as its user asked: it collects facts for it.
    resumes: bool = False
    #: What the person said of how a ticket went.
    rated: Rated | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """What finishing wrote. `ready_at` names the next turn of the conversation, if more came meanwhile."""

    ready_at: datetime | None
    replies: int
    ticket: str | None
