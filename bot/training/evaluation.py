"""A model sits the exam, and what came out: kept as JSON, so that models can be compared later."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import computed_field

from bot.errors import FrontdeskError
from bot.training.asked import Asked, Frozen
from bot.training.exam import Question
from bot.training.figures import Figures, figures
from bot.understood import Understood

#: Questions under way at a time: enough to keep Rasa busy, few enough to leave it to others.
AT_ONCE = 4
#: Guesses kept of each ranking.
KEPT = 5

Parse = Callable[[str], Awaitable[Understood]]
#: Told how many of how many are done.
Tell = Callable[[int, int], None]


class Evaluation(Frozen):
    """Every question with its answer; the figures are told in JSON too, and computed anew when it is read back."""

    #: Fingerprint of the model, or the name of its file.
    model: str = ""
    asked: tuple[Asked, ...]

    @computed_field  # type: ignore[prop-decorator]
    @cached_property
    def overall(self) -> Figures:
        return figures(self.asked)

    @computed_field  # type: ignore[prop-decorator]
    @cached_property
    def languages(self) -> dict[str, Figures]:
        return _by(self.asked, lambda one: one.language)

    @computed_field  # type: ignore[prop-decorator]
    @cached_property
    def intents(self) -> dict[str, Figures]:
        """Of those in scope, by the intent expected."""
        return _by((one for one in self.asked if one.expected), lambda one: one.expected or "")


@dataclass(frozen=True, slots=True)
class Confusion:
    """Questions of one intent that were answered as of another; the surest first."""

    expected: str
    said: str
    questions: tuple[Asked, ...]


async def evaluate(parse: Parse, exam: Sequence[Question], tell: Tell) -> Evaluation:
    """Asks every question, some at a time. Raises what `parse` raises, and asks no more then."""
    found: dict[int, Asked] = {}
    waiting = iter(enumerate(exam))

    async def work() -> None:
        for number, question in waiting:
            found[number] = _asked(question, await parse(question.text))
            tell(len(found), len(exam))

    failed = None
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
    except* FrontdeskError as errors:
        failed = errors.exceptions[0]
    if failed:
        raise failed
    return Evaluation(asked=tuple(found[number] for number in range(len(exam))))


def confusions(asked: Iterable[Asked]) -> list[Confusion]:
    """What was answered with another intent than expected; the most frequent first, and of those the surest."""
    pairs = defaultdict(list)
    for one in asked:
        if one.expected and one.guess and one.guess != one.expected:
            pairs[one.expected, one.guess].append(one)
    found = [Confusion(expected, said, tuple(sorted(those, key=_surest))) for (expected, said), those in pairs.items()]
    return sorted(found, key=lambda one: (-len(one.questions), _surest(one.questions[0])))


def answered(asked: Iterable[Asked]) -> list[Asked]:
    """What should have been refused and was not, the surest first."""
    return sorted((one for one in asked if one.expected is None and one.guess), key=_surest)


def _surest(one: Asked) -> float:
    return -one.confidence


def _asked(question: Question, heard: Understood) -> Asked:
    ranking = tuple((guess.intent, round(guess.confidence, 4)) for guess in heard.ranking[:KEPT])
    return Asked(
        text=question.text,
        expected=question.expected,
        language=question.language,
        # Who has no guess at all has refused.
        refused=heard.refused or not ranking,
        ranking=ranking,
    )


def _by(asked: Iterable[Asked], key: Callable[[Asked], str]) -> dict[str, Figures]:
    groups = defaultdict(list)
    for one in asked:
        groups[key(one)].append(one)
    return {name: figures(groups[name]) for name in sorted(groups)}
