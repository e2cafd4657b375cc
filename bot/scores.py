"""What people say when they are asked how it was: 1 to 5, in figures or in words.

Five, because a figure that is typed means the same on every channel, with buttons or without, and because "good" or
"bad" alone would say nothing of how much; the words for both count all the same.
"""

from __future__ import annotations

import re
import unicodedata

from bot.answers import Answers
from bot.policy import bare
from channels.words import Choice

SCORES = range(1, 6)

#: Payload of a button: the ticket's id and the score.
RATE = re.compile(r"rate:(\d{1,9}):([1-5])", re.ASCII)

#: A figure that stands for itself, and what may follow it: "4", "4/5", "4分", "4, thanks".
_FIGURE = re.compile(
    r"\s*([1-5])\s*(?:/\s*5|分|星|stars?|points?)?\s*(?:$|[.,;:!、。\n-](?!\d)\s*(.*))", re.DOTALL | re.IGNORECASE
)

#: Behind a word, where a comment begins.
_BREAK = re.compile(r"[.,;:!。\n]+")


def choices(answers: Answers, ticket_id: int, language: str) -> list[Choice]:
    """The buttons, worst first, so that in a numbered list each has its own score."""
    return [Choice(title=words(answers, score, language)[0], payload=f"rate:{ticket_id}:{score}") for score in SCORES]


def words(answers: Answers, score: int, language: str) -> list[str]:
    """What says the score: the title of its button, then others."""
    return [word.strip() for word in answers.sentence(f"rating_{score}", language).split("/")]


def question(text: str) -> bool:
    """Whether something is asked: that is no comment."""
    return "?" in unicodedata.normalize("NFKC", text)


class Scores:
    """Reads them, in every language."""

    def __init__(self, answers: Answers) -> None:
        self._words = {
            bare(word): score
            for language in answers.languages
            for score in SCORES
            for word in words(answers, score, language)
        }

    def read(self, text: str) -> tuple[int, str] | None:
        """The score a text begins with, and what else it says; None where it is something else, or asks something."""
        if question(text):
            return None
        plain = unicodedata.normalize("NFKC", text)
        figure = _FIGURE.match(plain)
        if figure:
            return int(figure[1]), (figure[2] or "").strip()
        first, rest = self._split(plain.strip())
        score = self._words.get(bare(plain)) or self._words.get(bare(first))
        return (score, rest if bare(plain) not in self._words else "") if score else None

    def _split(self, text: str) -> tuple[str, str]:
        found = _BREAK.search(text)
        return (text[: found.start()], text[found.end() :].strip()) if found else (text, "")
