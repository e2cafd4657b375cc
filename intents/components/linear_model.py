"""The arithmetic of `LinearIntents`: weighting, a linear SVM for each intent, confidence, refusal. Knows no Rasa."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from scipy.special import log_softmax, softmax
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

Floats = NDArray[Any]

#: The share of the largest softmax counts as one, the cosine to the nearest example as NEAR, in the score of a guess.
#: SHARPNESS is the softmax's. Chosen on Banking77 with ten intents left out: docs/understanding.md.
SHARPNESS, NEAR = 4.0, 2.0
#: How fast belief falls around the threshold, in units of the score.
SOFTNESS = 0.1
#: Held-out examples that are enough to learn a threshold from; asking more would double the time of training.
ENOUGH = 2_000


@dataclass(frozen=True)
class Rows:
    """Examples as features: sparse counts by featurizer, and dense vectors of length 1 or 0, shape (rows, width)."""

    counts: Mapping[str, csr_matrix]
    dense: Floats

    def __len__(self) -> int:
        return int(self.dense.shape[0])


@dataclass(frozen=True)
class Weighting:
    """From counts to features: logarithm, rarity, a length of 1 for each sparse block, `dense_weight` for the dense."""

    rarity: Mapping[str, Floats]
    dense_weight: float

    @classmethod
    def learned(cls, rows: Rows, dense_weight: float) -> Weighting:
        """Rarity as in TF-IDF, smoothed."""
        return cls(
            {
                name: np.log((1 + len(rows)) / (1 + np.bincount(counts.indices, minlength=counts.shape[1]))) + 1
                for name, counts in rows.counts.items()
            },
            dense_weight,
        )

    def features(self, rows: Rows) -> csr_matrix:
        """One row an example."""
        blocks = [self._weighted(rows.counts[name], rarity) for name, rarity in self.rarity.items()]
        return hstack([*blocks, csr_matrix(self.dense_weight * rows.dense)], format="csr", dtype=np.float32)

    def _weighted(self, counts: csr_matrix, rarity: Floats) -> csr_matrix:
        damped = counts.astype(np.float64)
        damped.data = (1 + np.log(damped.data)) * rarity[damped.indices]
        return normalize(damped, copy=False)


@dataclass(frozen=True)
class Planes:
    """A separating plane for each of `classes`: `weights` has shape (features, classes)."""

    weights: Floats
    bias: Floats

    @classmethod
    def fitted(cls, features: csr_matrix, labels: NDArray[np.int64], classes: int, c: float) -> Planes:
        """Classes that `labels` lacks get a plane that no point reaches."""
        weights = np.zeros((features.shape[1], classes), dtype=np.float32)
        bias = np.full(classes, -2.0, dtype=np.float32)
        present = np.unique(labels)
        if len(present) < 2:  # noqa: PLR2004
            bias[present] = 1.0
            return cls(weights, bias)
        machine = LinearSVC(C=c, random_state=0).fit(features, labels)
        # Two classes share one plane.
        sign = np.array([[-1], [1]]) if len(present) == 2 else np.ones((1, 1))  # noqa: PLR2004
        weights[:, present] = (sign * machine.coef_).T
        bias[present] = sign[:, 0] * machine.intercept_
        return cls(weights, bias)

    def distances(self, features: csr_matrix) -> Floats:
        """Shape (rows, classes); positive where a point lies on the side of the class."""
        return np.asarray(features @ self.weights + self.bias)


@dataclass(frozen=True)
class Neighbours:
    """The dense vectors of the training examples, to ask how near the nearest of an intent is."""

    dense: Floats
    labels: NDArray[np.int64]

    def nearest(self, dense: Floats, labels: NDArray[np.int64]) -> Floats:
        """The cosine of each row to the nearest example of the intent it is taken for; 0 for rows without a vector."""
        found = np.zeros(len(labels))
        for label in np.unique(labels):
            mine = labels == label
            known = self.dense[self.labels == label].astype(np.float32)
            if len(known):
                found[mine] = (dense[mine] @ known.T).max(axis=1)
        return found


def score(distances: Floats, near: Floats) -> Floats:
    """How sure the best guess of each row is; comparable only among rows with a vector, or among those without."""
    share: Floats = softmax(SHARPNESS * distances, axis=1).max(axis=1)
    return np.asarray(share + NEAR * near)


@dataclass(frozen=True)
class Held:
    """What cross-validation says of the training examples, each asked while it was held out."""

    distances: Floats
    scores: Floats
    labels: NDArray[np.int64]
    has_vector: NDArray[np.bool_]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which were understood."""
        right: NDArray[np.bool_] = self.distances.argmax(axis=1) == self.labels
        return right

    def sharpness(self) -> float:
        """The factor that makes softmax(factor * distances) mean what it says: least surprise at the true labels."""
        rows = np.arange(len(self.labels))

        def surprise(exponent: float) -> float:
            return float(-log_softmax(np.exp(exponent) * self.distances, axis=1)[rows, self.labels].mean())

        return float(np.exp(minimize_scalar(surprise, bounds=(-1, 4), method="bounded").x))

    def threshold(self, refuse: float, among: NDArray[np.bool_]) -> float:
        """The score below which the share `refuse` of what was understood `among` these lies.

        Where none of them was, it is taken from all, as if they had no neighbours: a text without a vector has none.
        """
        understood = self.scores[among & self.right]
        if not len(understood):
            understood = score(self.distances, np.zeros(len(self.labels)))[self.right]
        return float(np.quantile(understood, refuse)) if len(understood) else 0.0


def held_out(rows: csr_matrix, dense: Floats, labels: NDArray[np.int64], classes: int, c: float, folds: int) -> Held:
    """Asks examples with a model that has not seen them: all, or of many `ENOUGH` and the rest of their fold."""
    fold = _folds(labels, folds)

    def ask(number: int) -> Held:
        asked, seen = fold == number, fold != number
        found = Planes.fitted(rows[seen], labels[seen], classes, c).distances(rows[asked])
        near = Neighbours(dense[seen], labels[seen]).nearest(dense[asked], found.argmax(axis=1))
        return Held(found, score(found, near), labels[asked], np.abs(dense[asked]).sum(axis=1) > 0)

    needed = min(folds, math.ceil(ENOUGH * folds / len(labels)))
    # One after the other: liblinear draws from one generator for all threads, and no two trainings would be the same.
    parts = [ask(number) for number in range(needed)]
    return Held(*(np.concatenate(columns) for columns in zip(*(vars(part).values() for part in parts), strict=True)))


def _folds(labels: NDArray[np.int64], folds: int) -> NDArray[np.int64]:
    """A fold for each example, every intent spread over all; which one does not depend on chance."""
    fold = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        fold[mine] = (np.random.default_rng(int(label)).permutation(len(mine)) + label) % folds
    return fold


@dataclass(frozen=True)
class Belief:
    """Turns distances into probabilities, and decides when not to believe them."""

    sharpness: float
    #: Thresholds of the score: for texts with a vector, for texts without.
    with_vector: float
    without_vector: float

    @classmethod
    def learned(cls, held: Held, refuse: float) -> Belief:
        return cls(
            held.sharpness(),
            held.threshold(refuse, held.has_vector),
            held.threshold(refuse, ~held.has_vector),
        )

    def probabilities(self, distances: Floats, near: Floats, has_vector: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """For each row the probability of each intent, and that the text means one of them at all."""
        threshold = np.where(has_vector, self.with_vector, self.without_vector)
        known = 1 / (1 + np.exp((threshold - score(distances, near)) / SOFTNESS))
        return softmax(self.sharpness * distances, axis=1), known
