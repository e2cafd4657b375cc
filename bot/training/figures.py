"""Figures over questions that were asked: shares with their uncertainty, calibration, and what a threshold would do."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import NormalDist, fmean

from pydantic import computed_field

from bot.training.asked import Asked, Frozen, Outcome

#: Standard deviations on either side that hold 95 % of a normal distribution.
Z = NormalDist().inv_cdf(0.975)
#: Bins of equal width for calibration.
BINS = 10


class Share(Frozen):
    """So many of so many."""

    count: int
    of: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def value(self) -> float:
        return self.count / self.of if self.of else 0.0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, 95 times of 100: Wilson's score interval (1927), good for few and for extremes."""
        if not self.of:
            return 0.0, 1.0
        shrink = 1 / (1 + Z**2 / self.of)
        middle = shrink * (self.value + Z**2 / (2 * self.of))
        half = shrink * Z * math.sqrt(self.value * (1 - self.value) / self.of + Z**2 / (4 * self.of**2))
        return max(0.0, middle - half), min(1.0, middle + half)


class Figures(Frozen):
    """Of some questions: those in scope in the first five, those out of scope in the sixth, all in the last."""

    #: The best guess is right, refusals aside.
    accuracy: Share
    #: Answered, rightly or not.
    coverage: Share
    right: Share
    wrong: Share
    refused: Share
    out_of_scope_refused: Share
    #: How far the confidence in the best guess is from the share of right ones, on average: 0 is honest, 1 is never.
    calibration_error: float


class Bin(Frozen):
    """Questions of like confidence."""

    confidence: float
    right: Share


class Point(Frozen):
    """What a threshold on the confidence of the best guess would do, without any other refusal."""

    threshold: float
    coverage: Share
    #: Of those in scope, answered with another intent.
    wrong: Share
    #: Of those out of scope.
    answered_out_of_scope: Share


def figures(asked: Iterable[Asked]) -> Figures:
    """All of them at once."""
    everything = list(asked)
    inside = [one for one in everything if one.expected]
    outside = [one for one in everything if not one.expected]
    return Figures(
        accuracy=_share(one.best == one.expected for one in inside),
        coverage=_share(one.outcome is not Outcome.REFUSED for one in inside),
        right=_share(one.outcome is Outcome.RIGHT for one in inside),
        wrong=_share(one.outcome is Outcome.WRONG for one in inside),
        refused=_share(one.outcome is Outcome.REFUSED for one in inside),
        out_of_scope_refused=_share(one.outcome is Outcome.RIGHT for one in outside),
        calibration_error=calibration_error(reliability(everything)),
    )


def reliability(asked: Iterable[Asked]) -> list[Bin]:
    """How often the best guess was right, by its confidence; bins without a question are left out."""
    bins = defaultdict(list)
    for one in asked:
        bins[min(int(one.confidence * BINS), BINS - 1)].append(one)
    return [
        Bin(
            confidence=fmean(one.confidence for one in bins[number]),
            right=_share(one.expected is not None and one.best == one.expected for one in bins[number]),
        )
        for number in sorted(bins)
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error of Guo et al. (2017), "On calibration of modern neural networks"."""
    total = sum(one.right.of for one in bins)
    return sum(one.right.of * abs(one.right.value - one.confidence) for one in bins) / total if total else 0.0


def thresholds(asked: Iterable[Asked], steps: int = 50) -> list[Point]:
    """What thresholds from 0 to 1 would do."""
    everything = list(asked)
    return [_point(everything, step / steps) for step in range(steps + 1)]


def _point(asked: Sequence[Asked], threshold: float) -> Point:
    inside = [(one, one.confidence >= threshold) for one in asked if one.expected]
    return Point(
        threshold=threshold,
        coverage=_share(answered for _, answered in inside),
        wrong=_share(answered and one.best != one.expected for one, answered in inside),
        answered_out_of_scope=_share(one.confidence >= threshold for one in asked if not one.expected),
    )


def _share(facts: Iterable[bool]) -> Share:
    known = list(facts)
    return Share(count=sum(known), of=len(known))
