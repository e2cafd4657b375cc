"""An evaluation as a page: one file without scripts, whose pictures are drawn here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.training.asked import Asked
from bot.training.evaluation import Evaluation, answered, confusions
from bot.training.figures import reliability, thresholds
from bot.training.tables import MOST, percent

#: Confusions in the picture of them; with more it cannot be read.
LARGEST = 24


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to places in a picture, which may run backwards."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


@dataclass(frozen=True, slots=True)
class Matrix:
    """How often questions of one intent, a row, were taken for another, a column; only where that happened."""

    rows: Sequence[str]
    columns: Sequence[str]
    cells: Counter[tuple[str, str]]

    @property
    def most(self) -> int:
        return max(self.cells[row, column] for row in self.rows for column in self.columns if row != column)


def render(evaluation: Evaluation) -> str:
    """The page."""
    folder = FileSystemLoader(Path(__file__).parent)
    pages = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    pages.filters["percent"] = percent
    # Nearer to 0 and 1 everything is answered, or nothing, and the picture shows little else.
    points = thresholds(evaluation.asked)[5:46]
    return pages.get_template("report.html.j2").render(
        evaluation=evaluation,
        at=datetime.now(UTC),
        confusions=confusions(evaluation.asked)[: 2 * MOST],
        answered=answered(evaluation.asked),
        worst=sorted(evaluation.intents.items(), key=lambda item: (item[1].right.value, -item[1].wrong.count, item[0])),
        bins=reliability(evaluation.asked),
        points=points,
        lowest=_rounded(min(point.coverage.value for point in points), down=True),
        most_wrong=_rounded(max(point.wrong.value for point in points)),
        most_answered=_rounded(max(point.answered_out_of_scope.value for point in points)),
        matrix=matrix(evaluation.asked),
        Scale=Scale,
    )


def matrix(asked: Sequence[Asked]) -> Matrix:
    """The most frequent confusions; what is out of scope is listed elsewhere."""
    cells = Counter((one.expected, one.guess) for one in asked if one.expected and one.guess)
    wrong = Counter({pair: count for pair, count in cells.items() if pair[0] != pair[1]})
    shown = [pair for pair, _ in wrong.most_common(LARGEST)]
    return Matrix(sorted({row for row, _ in shown}), sorted({column for _, column in shown}), cells)


def _rounded(share: float, *, down: bool = False) -> float:
    """To the next 5 % upwards or downwards, so that an axis ends on a round number, and never where it began."""
    steps = 20 * share
    return min(math.floor(steps), 19) / 20 if down else max(math.ceil(steps), 1) / 20
