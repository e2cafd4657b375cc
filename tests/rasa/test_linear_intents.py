from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.rasa.driven import Components, Refused

EXAMPLES = [
    *((text, "greet") for text in ("hello", "good morning", "hi there", "你好")),
    *((text, "withdrawal_time") for text in ("how long does a withdrawal take", "withdrawal time", "提现要多久")),
    *((text, "human") for text in ("I want a human", "talk to a person", "转人工")),
    *((text, "out_of_scope") for text in ("what is the weather", "tell me a joke", "今天天气怎么样")),
]
TEXTS = ("hello", "how long does my withdrawal take", "提現要多久", "is it going to rain", "asdf")
STRANGE = (
    "",
    " \u3000\n",
    "😀",
    "\x00\x01\x7f",
    "\u202eabc",
    "\u200b",
    "a" * 10_000,
    "提" * 10_000,
    "/greet{",
    "\ufffd",
)


@pytest.fixture(scope="module")
def learned(components: Components, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was learned of the examples; not to be changed."""
    folder = tmp_path_factory.mktemp("learned") / "model"
    components.call("learn", folder=str(folder), examples=EXAMPLES)
    return folder


def rankings(components: Components, folder: Path, texts: object, **settings: object) -> list[list[dict[str, Any]]]:
    answers = components.call("ask", folder=str(folder), texts=texts, **settings)
    assert [answer["intent"] for answer in answers] == [answer["intent_ranking"][0] for answer in answers]
    return [answer["intent_ranking"] for answer in answers]


def test_it_understands_and_refuses(components: Components, learned: Path) -> None:
    """The best intent is on top, in both languages; what is like the examples of `out_of_scope` is refused."""
    best = [ranking[0]["name"] for ranking in rankings(components, learned, TEXTS)]
    assert best == ["greet", "withdrawal_time", "withdrawal_time", "nlu_fallback", "nlu_fallback"]


def test_a_ranking_is_a_distribution(components: Components, learned: Path) -> None:
    """Confidences fall, add up to 1, and `out_of_scope` is never an intent of its own but part of the refusal."""
    for ranking in rankings(components, learned, TEXTS):
        assert {guess["name"] for guess in ranking} == {"greet", "withdrawal_time", "human", "nlu_fallback"}
        assert sum(guess["confidence"] for guess in ranking) == pytest.approx(1)
        assert all(one["confidence"] >= next_["confidence"] for one, next_ in pairwise(ranking))


def test_refusal_off(components: Components, learned: Path) -> None:
    """Without refusal neither `nlu_fallback` nor `out_of_scope` is ever told."""
    for ranking in rankings(components, learned, TEXTS, refusal=False):
        assert {guess["name"] for guess in ranking} == {"greet", "withdrawal_time", "human"}


def test_a_ranking_has_so_many_intents(components: Components, learned: Path) -> None:
    """`ranking_length` cuts what is told."""
    assert {len(ranking) for ranking in rankings(components, learned, TEXTS, ranking_length=2)} == {2}


@pytest.mark.parametrize("refusal", [True, False])
def test_no_text_does_harm(components: Components, learned: Path, *, refusal: bool) -> None:
    """Nothing, blanks, emoji, control characters and 10,000 characters are answered; blanks mean no intent."""
    found = rankings(components, learned, STRANGE, refusal=refusal)
    assert [ranking[0]["name"] for ranking in found[:2]] == 2 * ["nlu_fallback" if refusal else None]


@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize(
    "examples",
    [
        [("hello", "greet")],
        [("hello", "greet"), ("hi", "greet")],
        [("hello", "greet"), ("bye", "bye")],
        [*EXAMPLES, ("is my money safe", "insurance")],
        [("tell me a joke", "out_of_scope")],
    ],
    ids=["one example", "one intent", "two intents", "a lone example", "only out_of_scope"],
)
def test_few_examples_suffice(components: Components, tmp_path: Path, examples: object, *, names: bool) -> None:
    """Any number of intents and of examples is learned and answered from, whether or not their names are examples."""
    folder = tmp_path / "model"
    components.call("learn", folder=str(folder), examples=examples, names=names)
    for refusal in (True, False):
        assert all(rankings(components, folder, TEXTS, refusal=refusal))


def test_no_examples(components: Components, tmp_path: Path) -> None:
    """What learned nothing says nothing."""
    folder = tmp_path / "model"
    components.call("learn", folder=str(folder), examples=[])
    assert components.call("ask", folder=str(folder), texts=["hello"]) == [{"text": "hello"}]


def test_training_twice_gives_the_same(components: Components, learned: Path, tmp_path: Path) -> None:
    """The same examples make the same files, byte for byte."""
    components.call("learn", folder=str(tmp_path / "model"), examples=EXAMPLES)
    names = ("model.safetensors", "model.json")
    first, second = ([next(folder.rglob(name)).read_bytes() for name in names] for folder in (learned, tmp_path))
    assert first == second


@pytest.mark.parametrize("name", ["model.safetensors", "model.json"])
@pytest.mark.parametrize("damage", ["altered", "cut", "gone"])
def test_a_damaged_model_is_refused(
    components: Components, learned: Path, tmp_path: Path, name: str, damage: str
) -> None:
    """A file that is not what training wrote is named at load, and nothing is answered from it."""
    shutil.copytree(learned, tmp_path / "model")
    path = next(tmp_path.rglob(name))
    whole = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes(whole[:-9] if damage == "cut" else b"\xff" + whole[1:])
    with pytest.raises(Refused, match=r"FileIOException: .*train again"):
        components.call("ask", folder=str(tmp_path / "model"), texts=["hello"])


@pytest.mark.parametrize(("setting", "value"), [("folds", 1), ("refuse", 1)])
def test_a_setting_that_cannot_be(components: Components, setting: str, value: float) -> None:
    """The error names the setting."""
    with pytest.raises(Refused, match=f"InvalidConfigException: LinearIntents: `{setting}`"):
        components.call("checked", **{setting: value})
