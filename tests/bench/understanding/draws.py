"""Which examples are trained on, and which are asked."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Example(NamedTuple):
    """A question, and the intent it has."""

    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class Draw:
    """One training and what is asked afterwards; `unknown` are questions of intents that were not trained on."""

    name: str
    trained: Sequence[Example]
    asked: Sequence[Example]
    unknown: Sequence[Example] = field(default=())


def read(path: Path) -> list[Example]:
    """Every row of a CSV with the columns text and category; blanks and line ends within a text count as one blank."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Example(" ".join(row["text"].split()), row["category"]) for row in csv.DictReader(file)]


def folds(examples: Sequence[Example], count: int) -> list[Draw]:
    """Each example is asked once, by a model that was trained on the other folds; every intent is in each fold."""
    dealt: list[list[Example]] = [[] for _ in range(count)]
    for number, mine in enumerate(_shuffled(examples, seed=0)):
        for place, example in enumerate(mine):
            dealt[(place + number) % count].append(example)
    return [
        Draw(f"fold {number + 1} of {count}", _joined(dealt[:number] + dealt[number + 1 :]), asked)
        for number, asked in enumerate(dealt)
    ]


def few(examples: Sequence[Example], each: int, seed: int) -> Draw:
    """`each` examples of every intent are trained on, the rest is asked."""
    groups = _shuffled(examples, seed)
    return Draw(
        f"{each} examples an intent, draw {seed + 1}",
        _joined(mine[:each] for mine in groups),
        _joined(mine[each:] for mine in groups),
    )


def left_out(examples: Sequence[Example], intents: int, seed: int) -> Draw:
    """Some intents are never trained on; of the others four fifths are trained on and one fifth is asked."""
    groups = _shuffled(examples, seed)
    random.Random(seed).shuffle(groups)  # noqa: S311  # a draw that can be repeated
    unknown, known = groups[:intents], groups[intents:]
    cuts = [round(0.8 * len(mine)) for mine in known]
    return Draw(
        f"{intents} intents left out, draw {seed + 1}",
        _joined(mine[:cut] for mine, cut in zip(known, cuts, strict=True)),
        _joined(mine[cut:] for mine, cut in zip(known, cuts, strict=True)),
        _joined(unknown),
    )


def _shuffled(examples: Sequence[Example], seed: int) -> list[list[Example]]:
    """The examples of each intent, in an order that depends on the seed alone."""
    groups: defaultdict[str, list[Example]] = defaultdict(list)
    for example in sorted(examples):
        groups[example.intent].append(example)
    chance = random.Random(seed)  # noqa: S311  # a draw that can be repeated
    return [chance.sample(mine, len(mine)) for _, mine in sorted(groups.items())]


def _joined(parts: Iterable[Sequence[Example]]) -> list[Example]:
    return [example for part in parts for example in part]
