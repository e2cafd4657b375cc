"""Whether a new model may take the place of the one that is live."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.errors import Refused
from bot.training.asked import Asked, Outcome
from bot.training.evaluation import Evaluation

#: The share of all questions by which a new model may be worse and still pass: five of 1,900. Chance moves as many; at
#: more than that somebody should look.
TOLERANCE = 0.003
#: What the questions that no intent is expected of are called.
OUT_OF_SCOPE = "out_of_scope"

#: An answer of the new model, and that of the live one to the same question.
Pair = tuple[Asked, Asked]


@dataclass(frozen=True, slots=True)
class Worse:
    """Something the new model does worse than the one that is live."""

    #: "right" or "wrong" of all questions, an intent, or `OUT_OF_SCOPE`.
    what: str
    #: Questions with that outcome, or right ones of the intent, then and now, of so many that both were asked.
    live: int
    new: int
    asked: int
    #: The questions that were lost, as the new model answers them.
    lost: tuple[Asked, ...]
    #: Whether this alone is reason to keep the live model.
    refuses: bool


def worse(new: Evaluation, live: Evaluation) -> list[Worse]:
    """What `new` does worse: whole figures, then each intent that loses more questions than it gains, worst first.

    The new model is refused where one of them `refuses`: fewer questions right in total, or more wrong, by more than
    `TOLERANCE` of all. Only questions that both were asked count; raises `Refused` where there are none.
    """
    pairs = _pairs(new, live)
    whole = [_right(pairs), _wrong(pairs)]
    return [one for one in whole if one.refuses] + sorted(_intents(pairs), key=lambda one: one.new - one.live)


def _pairs(new: Evaluation, live: Evaluation) -> list[Pair]:
    before = {(one.text, one.expected): one for one in live.asked}
    found = [(one, before[one.text, one.expected]) for one in new.asked if (one.text, one.expected) in before]
    if not found:
        raise Refused("the two models were not asked the same questions: evaluate both on the present exam")
    return found


def _right(pairs: Sequence[Pair]) -> Worse:
    live, new, lost = _counted(pairs, lambda one: one.outcome is Outcome.RIGHT)
    return Worse("right", live, new, len(pairs), lost, refuses=live - new > TOLERANCE * len(pairs))


def _wrong(pairs: Sequence[Pair]) -> Worse:
    live, new, lost = _counted(pairs, lambda one: one.outcome is not Outcome.WRONG)
    refuses = live - new > TOLERANCE * len(pairs)
    return Worse("wrong", len(pairs) - live, len(pairs) - new, len(pairs), lost, refuses)


def _intents(pairs: Sequence[Pair]) -> Iterator[Worse]:
    by_intent = defaultdict(list)
    for one, before in pairs:
        by_intent[one.expected or OUT_OF_SCOPE].append((one, before))
    for intent, those in by_intent.items():
        live, new, lost = _counted(those, lambda one: one.outcome is Outcome.RIGHT)
        if new < live:
            # One intent may pay for another; that is for a person to judge.
            yield Worse(intent, live, new, len(those), lost, refuses=False)


def _counted(pairs: Sequence[Pair], good: Callable[[Asked], bool]) -> tuple[int, int, tuple[Asked, ...]]:
    """How many are good with the live model and with the new one, and which were before."""
    lost = tuple(one for one, before in pairs if good(before) and not good(one))
    return sum(good(before) for _, before in pairs), sum(good(one) for one, _ in pairs), lost
