"""A turn as the rules of bot/decision.py see it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.callbacks.talk import CallRules
from bot.dialogue import Dialogue
from bot.understood import Understood
from channels.words import Owner

#: A number with more digits presses no button.
MOST_DIGITS = 3


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
    #: None where the person may not be called.
    calls: CallRules | None = None

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.texts)

    @property
    def numbered(self) -> str | None:
        """The button meant by a bare number, where buttons are shown as a numbered list; never a fact asked for."""
        offered, text = self.dialogue.offered, self.text.strip()
        if self.dialogue.asking or not (text.isascii() and text.isdigit() and len(text) < MOST_DIGITS):
            return None
        return offered[int(text) - 1] if 0 < int(text) <= len(offered) else None

    @property
    def ticket_number(self) -> str | None:
        """The number of a ticket that stands in the text."""
        match = re.search(rf"(?<![A-Za-z0-9]){self.ticket_prefix}-\d{{1,12}}(?!\d)", self.text, re.IGNORECASE)
        return match.group().upper() if match else None
