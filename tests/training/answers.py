"""Answers of a model to an exam, written down."""

from __future__ import annotations

from bot.training.asked import Asked


def asked(
    expected: str | None, said: str | None, confidence: float = 0.8, text: str = "", language: str = "en"
) -> Asked:
    """A question of `expected` taken for `said`; None where it was refused, the best guess being right or x."""
    best = said or expected or "x"
    return Asked(
        text=text or f"{expected}?",
        expected=expected,
        language=language,
        refused=said is None,
        ranking=((best, confidence),),
    )
