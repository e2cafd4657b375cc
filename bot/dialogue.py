"""What the bot remembers of a conversation between two turns."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Dialogue(BaseModel):
    """Kept as JSON with the conversation; unknown keys of an older version are forgotten."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    #: The intent the user came with.
    topic: str | None = None
    #: Intents answered since the topic came up, its own first.
    tried: tuple[str, ...] = ()
    #: What to try next if that did not help, best first; after a question back, what was offered.
    candidates: tuple[str, ...] = ()
    #: Payloads of the buttons shown last, in their order, where they are pressed by number: "2" means the second.
    offered: tuple[str, ...] = ()
    #: The fact the bot asked for last, while it collects.
    asking: str | None = None
    #: Facts asked for, answered or not.
    asked: tuple[str, ...] = ()
    #: Facts said about the topic, asked or not, by name.
    facts: dict[str, str] = {}
    #: Values said that failed a check, and the name of the check.
    doubts: dict[str, str] = {}
    #: Why the bot is collecting facts: the reason of the escalation that follows.
    reason: str | None = None
    #: How the last turn ended, where that decides what yes and no mean.
    last: Literal["answer", "question"] | None = None
    #: Id of the ticket about which the user was asked last how it was...
    rating: int | None = None
    #: ...and, once they said it, asked why.
    commenting: int | None = None
    #: The language the user asked for, until they ask for another.
    pinned: str | None = None

    def but(self, **changes: Any) -> Dialogue:
        """The same with `changes`."""
        return self.model_copy(update=changes)
