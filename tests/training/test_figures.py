from __future__ import annotations

import pytest

from bot.training.asked import Asked, Outcome
from bot.training.figures import Share, calibration_error, figures, reliability, thresholds
from tests.training.answers import asked


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        # The mirror of 0 of 29.
        (29, 29, 0.8830, 1.0000),
    ],
)
def test_intervals_are_wilsons(count: int, of: int, low: float, high: float) -> None:
    """As published, extremes included."""
    assert Share(count=count, of=of).interval == pytest.approx((low, high), abs=0.00005)


def test_a_share_of_nothing_is_unknown() -> None:
    """Anything between none and all, not a division by zero."""
    nothing = Share(count=0, of=0)
    assert (nothing.value, nothing.interval) == (0.0, (0.0, 1.0))


@pytest.mark.parametrize(
    ("expected", "said", "outcome"),
    [
        ("a", "a", Outcome.RIGHT),
        ("a", "b", Outcome.WRONG),
        ("a", None, Outcome.REFUSED),
        (None, None, Outcome.RIGHT),
        (None, "a", Outcome.WRONG),
    ],
)
def test_outcomes(expected: str | None, said: str | None, outcome: Outcome) -> None:
    """Out of scope there is nothing to be right about but the refusal."""
    assert asked(expected, said).outcome is outcome


def test_figures_count_each_question_where_it_belongs() -> None:
    """Three of four in scope are known, one of these refused; one of two out of scope is let through."""
    found = figures(
        [asked("a", "a"), asked("a", "a"), asked("a", None), asked("a", "b"), asked(None, None), asked(None, "a")]
    )
    assert found.accuracy == Share(count=3, of=4)
    assert found.coverage == Share(count=3, of=4)
    assert found.right == Share(count=2, of=4)
    assert found.wrong == Share(count=1, of=4)
    assert found.refused == Share(count=1, of=4)
    assert found.out_of_scope_refused == Share(count=1, of=2)


def test_figures_of_nothing() -> None:
    """No division by zero."""
    assert figures([]).right == Share(count=0, of=0)
    assert figures([]).calibration_error == 0.0


def test_honest_confidence_has_no_calibration_error() -> None:
    """Where 0.75 means right in three of four, refused or not; a certain one is in the last bin."""
    honest = [
        asked("a", "a", 0.75),
        asked("a", "a", 0.75),
        asked("a", None, 0.75),
        asked("a", "b", 0.75),
        asked("a", "a", 1.0),
    ]
    assert calibration_error(reliability(honest)) == pytest.approx(0)


def test_boasting_is_measured() -> None:
    """Two of four at 0.9 are off by 0.4, weighted by half of the questions; one out of scope is never right."""
    boasting = [asked("a", "a", 0.9), asked("a", "a", 0.9), asked("a", "b", 0.9), asked(None, "b", 0.9)]
    honest = [asked("a", "b", 0.0)] * 4
    assert figures(boasting + honest).calibration_error == pytest.approx(0.2)


def test_thresholds_trade_answers_for_mistakes() -> None:
    """What is below the threshold is not answered, and so cannot be wrong; refusals of the model play no part."""
    questions = [asked("a", "a", 0.9), asked("a", None, 0.7), asked("a", "b", 0.3), asked(None, None, 0.5)]
    none, low, half, all_ = thresholds(questions, steps=3)
    assert none.coverage == Share(count=3, of=3)
    assert none.wrong == Share(count=1, of=3)
    assert low.threshold == pytest.approx(1 / 3)
    assert low.coverage == Share(count=2, of=3)
    assert low.answered_out_of_scope == Share(count=1, of=1)
    assert half.coverage == Share(count=2, of=3)
    assert half.answered_out_of_scope == Share(count=0, of=1)
    assert all_.coverage == Share(count=0, of=3)


def test_a_question_without_a_guess_is_unsure() -> None:
    """A text of blanks has no ranking."""
    silent = Asked(text="", expected="a", language="en", refused=True, ranking=())
    assert (silent.best, silent.guess, silent.confidence) == (None, None, 0.0)
