"""The example exchange: every text in every language, and none of it broken."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot import answers, domain, policy
from bot.actions import Escalate
from bot.answers import OWN, SENTENCES, Answers
from bot.check import answer_problems
from bot.policy import SPECIAL, Policy
from bot.replies import Voice
from bot.settings import Settings

ROOT = Path(__file__).parent.parent
HAN = re.compile(r"[\u4e00-\u9fff]")


def yaml(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path)


@pytest.fixture(scope="module")
def words() -> Answers:
    return answers.load(ROOT / "responses", "Acme", ["en", "zh"])


@pytest.fixture(scope="module")
def rules() -> Policy:
    return policy.load(ROOT / "responses", domain.load(ROOT / "intents"))


def _flat(texts: dict[str, Any], under: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, text in texts.items():
        flat |= _flat(text, f"{under}{key}.") if isinstance(text, dict) else {under + key: text}
    return flat


def examples() -> Iterator[tuple[str, list[str]]]:
    """Every intent with its examples."""
    for path in sorted((ROOT / "intents" / "data").glob("*.yml")):
        for block in yaml(path)["nlu"]:
            if "intent" in block:
                yield block["intent"], [line.strip()[2:] for line in block["examples"].splitlines() if line.strip()]


def test_every_text_exists_in_every_language(words: Answers) -> None:
    """Answers and Frontdesk's own sentences have the same keys, and each text is in the language of its folder."""
    assert words.said["en"].keys() == words.said["zh"].keys()
    for key, variations in words.said["zh"].items():
        assert all(HAN.search(variation.text) for variation in variations), key
    for key, variations in words.said["en"].items():
        assert not any(HAN.search(variation.text) for variation in variations), key


def test_the_widget_speaks_every_language() -> None:
    """The same texts, each in its own language."""
    texts = json.loads((ROOT / "channels" / "webchat" / "texts.json").read_text(encoding="utf-8"))
    english, chinese = _flat(texts["en"]), _flat(texts["zh"])
    assert english.keys() == chinese.keys()
    assert all(HAN.search(text) for text in chinese.values())
    assert not any(HAN.search(text) for text in english.values())


def test_every_intent_is_somebodys_business(words: Answers, rules: Policy) -> None:
    """Each answerable question has a category and a title short enough for a button, in every language."""
    greetings = {"greet", "thanks", "goodbye", "bot_challenge"}
    for intent in words.intents() - greetings:
        assert intent in rules.intents, intent
        for language in words.languages:
            assert 0 < len(words.title(intent, language)) <= 40, (intent, language)


def test_there_are_examples_enough() -> None:
    """At least 90 intents, each with 15 examples in English and 15 in Chinese, none said twice."""
    counted = dict(examples())
    assert len(counted) >= 90
    for intent, said in counted.items():
        chinese = sum(1 for example in said if HAN.search(example))
        assert chinese >= 15, (intent, chinese)
        assert len(said) - chinese >= 15, (intent, len(said) - chinese)
    everything = [example for _, said in examples() for example in said]
    assert len(everything) == len(set(everything))


def test_chinese_is_punctuated_as_chinese(words: Answers) -> None:
    """No half-width comma or question mark stands between Chinese characters."""
    for key, variations in words.said["zh"].items():
        for variation in variations:
            assert not re.search(r"[\u4e00-\u9fff][,;?!][\u4e00-\u9fff\s]", variation.text), key


def test_every_sentence_of_ours_can_be_said(words: Answers) -> None:
    """With its placeholders filled none is left over, in any language."""
    for name, placeholders in SENTENCES.items():
        for language in words.languages:
            said = words.sentence(name, language, **dict.fromkeys(placeholders, "X"))
            assert said
            assert "{" not in said, (name, language)


def test_gaps_are_found(words: Answers) -> None:
    """The check that keeps content whole sees a missing answer in one language only."""
    damaged = Answers("Acme", ["en", "zh"])
    damaged.said = {language: dict(said) for language, said in words.said.items()}
    damaged.where = words.where
    del damaged.said["zh"][OWN + "clarify"]
    intents = dict.fromkeys([*words.intents(), *SPECIAL], "domain.yml")
    assert [problem.what for problem in answer_problems(damaged, intents)] == ["no answer in zh"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_wait_is_told_in_words(words: Answers, rules: Policy, language: str) -> None:
    """Minutes become hours and days in the language of the conversation."""
    voice = Voice(words, rules, Settings().tickets, language, "webchat")
    [told] = voice.replies(Escalate("unsure", None))
    assert {"en": "4 hours", "zh": "4小时"}[language] in told.text
    assert "{ticket}" in told.text
