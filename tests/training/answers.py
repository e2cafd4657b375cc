"""Answers of a model to an exam, written down."""

from __future__ import annotations

from bot.training.asked import Asked


def asked(
    expected: str | None, said: str | None, confidence: float = 0.8, text: str = "", language: str = "en"
) -> Asked:
    """A question of `expected`, taken for `said`, or refused where that is None; the best guess is right then, or x."""
    best = said or expected or "x"
    return Asked(
        text=text or f"{expected}?",
        expected=expected,
        language=language,
        refused=said is None,
        ranking=((best, confidence),),
    )
