"""A question of the exam, as a model answered it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Kept as JSON and read back."""

    model_config = ConfigDict(frozen=True)


class Outcome(StrEnum):
    """What became of a question. Out of scope, a refusal is right."""

    RIGHT = "right"
    WRONG = "wrong"
    REFUSED = "refused"


class Asked(Frozen):
    """A question, and what the model took it for."""

    text: str
    #: None where it should be refused.
    expected: str | None
    language: str
    #: Whether it was.
    refused: bool
    #: Intents and their probabilities, best first.
    ranking: tuple[tuple[str, float], ...]

    @property
    def best(self) -> str | None:
        """What it would be taken for if nothing were refused."""
        return self.ranking[0][0] if self.ranking else None

    @property
    def confidence(self) -> float:
        """In that guess."""
        return self.ranking[0][1] if self.ranking else 0.0

    @property
    def guess(self) -> str | None:
        """What it was taken for; None where it was refused."""
        return None if self.refused else self.best

    @property
    def outcome(self) -> Outcome:
        if self.guess == self.expected:
            return Outcome.RIGHT
        return Outcome.REFUSED if self.guess is None else Outcome.WRONG
