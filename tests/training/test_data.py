from __future__ import annotations

from pathlib import Path

import pytest

from bot.training.data import data_problems

DOMAIN = "intents:\n- greet\n- bye: {about: leaving}\n"
GREET = "nlu:\n- intent: greet\n  examples: |\n    - hello\n    - hi [Anna](person)\n"
BYE = "nlu:\n- intent: bye\n  examples: |\n    - bye\n    - see you\n"


@pytest.fixture
def intents(tmp_path: Path) -> Path:
    """A project whose data is as it should be."""
    (tmp_path / "data").mkdir()
    (tmp_path / "domain.yml").write_text(DOMAIN, encoding="utf-8")
    put(tmp_path, "greet.yml", GREET)
    put(tmp_path, "bye.yml", BYE)
    return tmp_path


def put(intents: Path, name: str, content: str) -> None:
    path = intents / "data" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")


def said(intents: Path) -> list[str]:
    """Every problem, without the folder and the remedy."""
    return [f"{one.where.removeprefix(f'{intents}/')}: {one.key}: {one.what}" for one in data_problems(intents)]


def test_good_data_has_no_problem(intents: Path) -> None:
    """Nor have files without examples of intents."""
    put(intents, "more/coins.yml", "nlu:\n- regex: coin\n  examples: |\n    - BTC\n")
    assert said(intents) == []


@pytest.mark.parametrize(
    "marked",
    [
        "hi [Anna](person",
        "hi [Anna]()",
        "hi Anna](person)",
        "hi [Anna(person)",
        'hi [Anna]{"entity": "person"',
        'hi [Anna]{"value": "A"}',
        "hi [Anna]{entity: person}",
    ],
)
def test_broken_markup_is_named(intents: Path, marked: str) -> None:
    """A bracket missing, no entity named, braces that are no JSON."""
    put(intents, "greet.yml", f"{GREET}    - {marked}\n")
    assert said(intents) == ["data/greet.yml:6: greet: broken entity markup"]


@pytest.mark.parametrize(
    "marked",
    [
        'hi [Anna]{"entity": "person", "value": "A"}',
        'hi [Anna][{"entity": "person"}, {"entity": "agent"}]',
        "hi [Anna](person:A) (again)",
        "[smile] hi",
    ],
)
def test_markup_that_rasa_reads_is_no_problem(intents: Path, marked: str) -> None:
    """Each of Rasa's forms, and brackets that mark nothing."""
    put(intents, "greet.yml", f"{GREET}    - {marked}\n")
    assert said(intents) == []


def test_intents_with_too_few_examples_are_named(intents: Path) -> None:
    """One at its example, one without any at its line in the domain."""
    put(intents, "greet.yml", "nlu:\n- intent: greet\n  examples: |\n    - hello\n")
    (intents / "data" / "bye.yml").unlink()
    assert said(intents) == ["data/greet.yml:4: greet: 1 example", "domain.yml:3: bye: 0 examples"]


def test_an_example_of_two_intents_is_named(intents: Path) -> None:
    """In small letters or capitals, marked or not, with the place of both."""
    put(intents, "bye.yml", f"{BYE}    - Hi Anna\n")
    (one,) = said(intents)
    assert one.startswith("data/greet.yml:5: greet: 'hi Anna' is an example of bye too, in ")
    assert one.endswith("data/bye.yml:6")


@pytest.mark.parametrize("content", ["", "# later\n", 'version: "3.1"\n', 'version: "3.1"\nnlu:\n'])
def test_an_empty_file_is_named(intents: Path, content: str) -> None:
    """Of whatever kind of nothing."""
    put(intents, "new.yml", content)
    assert said(intents) == ["data/new.yml: nlu: an empty file"]


def test_an_intent_that_is_not_in_the_domain_is_named(intents: Path) -> None:
    """Once, at its first example."""
    put(intents, "bye.yml", BYE.replace("bye\n  ", "buy\n  "))
    assert said(intents) == ["data/bye.yml:4: buy: not in the domain", "domain.yml:3: bye: 0 examples"]


def test_an_example_nobody_would_write_is_named(intents: Path) -> None:
    """One longer than what is read of a message."""
    put(intents, "greet.yml", f"{GREET}    - {'a' * 1001}\n    - {'b' * 1000}\n")
    assert said(intents) == ["data/greet.yml:6: greet: an example of 1,001 characters"]


def test_files_that_cannot_be_read_are_named_first(intents: Path) -> None:
    """What may follow from the missing examples is not."""
    put(intents, "bye.yml", "nlu: [")
    assert [one.rpartition(":")[0] for one in said(intents)] == ["data/bye.yml:1: yaml"]


def test_a_domain_that_cannot_be_read_is_named(intents: Path) -> None:
    """Not a traceback."""
    (intents / "domain.yml").unlink()
    assert "domain.yml" in said(intents)[0]
