"""What is wrong with the training data and the exam: it hinders who trains, not who answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bot import domain, settings
from bot.config_file import ConfigFile
from bot.errors import Misconfigured, Problem
from bot.training.data import data_problems, training_data
from bot.training.exam import near_duplicates, read_exam


def training_problems(file: ConfigFile) -> list[Problem]:
    """Problems of the data and the exam in the configured `intents/`; none where the configuration cannot be read."""
    try:
        intents = settings.load(file).folders.intents
    except Misconfigured:
        # `bot.check` has told why.
        return []
    return data_problems(intents) or list(exam_problems(intents))


def exam_problems(intents: Path) -> Iterator[Problem]:
    """Of the exam in `intents`/tests, if there is one; the data must be flawless."""
    place = intents / "tests"
    if not place.exists():
        return
    try:
        exam = read_exam(place)
    except Misconfigured as error:
        yield from error.problems
        return
    named = domain.intents(ConfigFile(intents / domain.FILE))
    for question in exam:
        if question.expected and question.expected not in named:
            remedy = "add the intent to domain.yml, or correct its spelling"
            yield Problem(question.where, question.expected, "not in the domain", remedy)
    yield from near_duplicates(exam, training_data(intents)[0])
