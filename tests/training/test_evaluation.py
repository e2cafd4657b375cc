from __future__ import annotations

import asyncio

import pytest

from bot.errors import UnderstandingDown
from bot.training.asked import Asked
from bot.training.evaluation import AT_ONCE, Evaluation, answered, confusions, evaluate
from bot.training.exam import Question
from bot.training.figures import Share
from bot.understood import Guess, Understood
from tests.training.answers import asked

EXAM = [Question("hello", "greet", "e:1"), Question("再见", "bye", "e:2"), Question("weather?", None, "e:3")]


def heard(*ranking: tuple[str, float], refused: bool = False) -> Understood:
    return Understood(tuple(Guess(*guess) for guess in ranking), refused=refused)


async def test_every_question_is_asked_once_and_told() -> None:
    """In whatever order they are answered, they are kept in the exam's, with the guess, its rivals and the refusal."""
    answers = {
        "hello": heard(("greet", 0.91239), ("bye", 0.05)),
        "再见": heard(("greet", 0.6), ("bye", 0.3)),
        "weather?": heard(("greet", 0.2), refused=True),
    }
    told: list[tuple[int, int]] = []

    async def parse(text: str) -> Understood:
        await asyncio.sleep(0.01 if text == "hello" else 0)
        return answers[text]

    found = await evaluate(parse, EXAM, lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert found.asked == (
        Asked(text="hello", expected="greet", language="en", refused=False, ranking=(("greet", 0.9124), ("bye", 0.05))),
        Asked(text="再见", expected="bye", language="zh", refused=False, ranking=(("greet", 0.6), ("bye", 0.3))),
        Asked(text="weather?", expected=None, language="en", refused=True, ranking=(("greet", 0.2),)),
    )


async def test_few_questions_are_under_way_at_a_time() -> None:
    """So that Rasa, which may answer people meanwhile, is not flooded."""
    now = most = 0

    async def parse(_: str) -> Understood:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return heard()

    found = await evaluate(parse, EXAM * 20, lambda *_: None)
    assert most == AT_ONCE
    assert all(one.refused for one in found.asked)


async def test_a_rasa_that_fails_ends_the_exam() -> None:
    """With its own error, and without asking on."""
    times = 0

    async def parse(_: str) -> Understood:
        nonlocal times
        times += 1
        raise UnderstandingDown("gone")

    with pytest.raises(UnderstandingDown, match="gone"):
        await evaluate(parse, EXAM * 20, lambda *_: None)
    assert times <= AT_ONCE


def test_an_evaluation_is_kept_as_json() -> None:
    """What is written is read back the same, figures included."""
    before = Evaluation(model="abc", asked=(asked("a", "b", language="zh"), asked("a", None), asked(None, "a")))
    kept = before.model_dump_json()
    after = Evaluation.model_validate_json(kept)
    assert after == before
    assert after.model_dump_json() == kept
    assert '"out_of_scope_refused"' in kept


def test_figures_stand_by_language_and_by_intent() -> None:
    """What is out of scope has a language, and no intent."""
    found = Evaluation(asked=(asked("a", "a"), asked("b", "a", language="zh"), asked(None, None, language="zh")))
    assert found.overall.right == Share(count=1, of=2)
    assert {language: one.right for language, one in found.languages.items()} == {
        "en": Share(count=1, of=1),
        "zh": Share(count=0, of=1),
    }
    assert found.languages["zh"].out_of_scope_refused == Share(count=1, of=1)
    assert {intent: one.wrong.count for intent, one in found.intents.items()} == {"a": 0, "b": 1}


def test_confusions_come_most_frequent_first() -> None:
    """Then the surest; each with its questions, again the surest first. Refusals and right answers confuse nobody."""
    often = [asked("a", "b", 0.5, "unsure"), asked("a", "b", 0.9, "sure")]
    found = confusions(
        [asked("c", "a"), *often, asked("d", "a", 0.9), asked("a", "a"), asked("b", None), asked(None, "a")]
    )
    assert [(one.expected, one.said, len(one.questions)) for one in found] == [
        ("a", "b", 2),
        ("d", "a", 1),
        ("c", "a", 1),
    ]
    assert [one.text for one in found[0].questions] == ["sure", "unsure"]


def test_what_is_out_of_scope_and_answered_is_told() -> None:
    """The surest first; what was refused, or is in scope, is not."""
    found = answered([asked(None, "a", 0.4, "hm"), asked(None, "b", 0.9, "sure"), asked(None, None), asked("a", "b")])
    assert [one.text for one in found] == ["sure", "hm"]
