"""What was understood, and what the figures of it are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

#: Rasa's label for a text that means none of the intents.
REFUSED = "nlu_fallback"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the pipeline says of a question that means `intent`."""

    intent: str
    #: The best intent, whether or not it was refused.
    best: str
    refused: bool
    #: Probability that the text means one of the intents at all.
    belief: float

    @classmethod
    def of(cls, intent: str, parsed: dict[str, Any]) -> Self:
        ranking = parsed["intent_ranking"]
        doubt = sum(guess["confidence"] for guess in ranking if guess["name"] == REFUSED)
        best = next(guess["name"] for guess in ranking if guess["name"] != REFUSED)
        return cls(intent, best, parsed["intent"]["name"] == REFUSED, 1 - doubt)

    @property
    def right(self) -> bool:
        return self.best == self.intent


def accuracy(answers: Sequence[Answer]) -> float:
    """The share understood, were nothing refused."""
    return share([answer.right for answer in answers])


def refused_at(known: Sequence[Answer], unknown: Sequence[Answer], right: float) -> float:
    """The share of `unknown` refused by the threshold of belief at which so much of `known` is answered `right`.

    0 where even without refusal fewer are.
    """
    beliefs = sorted((answer.belief for answer in known if answer.right), reverse=True)
    needed = math.ceil(right * len(known))
    if needed > len(beliefs):
        return 0.0
    threshold = beliefs[needed - 1]
    return share([answer.belief < threshold for answer in unknown])


def share(facts: Sequence[bool]) -> float:
    """How many of them are true, from 0 to 1."""
    return sum(facts) / len(facts)
