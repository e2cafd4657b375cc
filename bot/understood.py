"""What a message was taken to mean, before anybody decides anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Guess:
    """An intent and its probability, 0 to 1, as the model reports it."""

    intent: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing named in the text, from character `start` up to `end`. `check` names a check that it failed."""

    name: str
    value: str
    start: int
    end: int
    check: str | None = None


@dataclass(frozen=True, slots=True)
class Understood:
    """Guesses best first, and the entities in reading order. `refused`: the model would rather say none of them."""

    ranking: tuple[Guess, ...]
    entities: tuple[Entity, ...] = ()
    refused: bool = False

    def record(self) -> dict[str, Any]:
        """What is kept with the message: the five best guesses, and the entities with the check they failed."""
        return {
            "ranking": [[guess.intent, round(guess.confidence, 4)] for guess in self.ranking[:5]],
            "entities": [[entity.name, entity.value, entity.check] for entity in self.entities],
            "refused": self.refused,
        }
