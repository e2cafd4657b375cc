"""A turn as the rules of bot/decision.py see it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.dialogue import Dialogue
from bot.understood import Understood
from channels.words import Owner


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a decision may depend on, besides policy and limits."""

    owner: Owner
    #: What was written, message by message.
    texts: tuple[str, ...]
    dialogue: Dialogue
    #: None where Rasa did not answer, or was not asked.
    understood: Understood | None = None
    #: The button pressed, if it was really offered.
    choice: str | None = None
    #: A button was pressed, offered or not.
    pressed: bool = False
    files: int = 0
    #: Strangers can read what is said here.
    public: bool = False
    #: Something secret was taken out of `texts`.
    secret: bool = False
    #: What the text says of how a ticket went, and why, if it says nothing else.
    score: tuple[int, str] | None = None
    #: Something is asked.
    asks: bool = False
    #: Intents that have an answer, and so a title to offer.
    answerable: frozenset[str] = frozenset()
    #: Ticket numbers look like this.
    ticket_prefix: str = "FD"

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.texts)
