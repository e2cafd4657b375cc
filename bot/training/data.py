"""What is wrong with training data, named before Rasa trains on it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from bot import domain
from bot.config_file import ConfigFile
from bot.errors import Misconfigured, Problem
from bot.training.examples import MARKUP, Example, examples
from bot.understanding import LONGEST

#: Examples that an intent needs at the least.
FEWEST = 2


def data_problems(intents: Path) -> list[Problem]:
    """All problems of the examples in the project `intents`, each with file, line and remedy."""
    try:
        named = domain.intents(ConfigFile(intents / domain.FILE))
    except Misconfigured as error:
        return error.problems
    found, problems = training_data(intents)
    if problems:
        # What is in a file that cannot be read is not known, so nothing is known of the whole.
        return problems
    return [*_single(found), *_strange(found, named), *_few(found, named), *_claimed_twice(found)]


def training_data(intents: Path) -> tuple[list[Example], list[Problem]]:
    """The examples below `intents`/data, and what is wrong with the files that hold them."""
    found: list[Example] = []
    problems: list[Problem] = []
    for path in sorted((intents / "data").rglob("*.yml")):
        try:
            here = examples(path)
            found += here
            problems += [] if here else _empty(path)
        except Misconfigured as error:
            problems += error.problems
    return found, problems


def _empty(path: Path) -> Iterator[Problem]:
    if not ConfigFile(path).values().keys() - {"version"}:
        yield Problem(str(path), "nlu", "an empty file", "write examples, or remove it")


def _single(found: Sequence[Example]) -> Iterator[Problem]:
    """What can be seen from an example alone."""
    for example in found:
        if not _marked_well(example.marked):
            remedy = "write [text](entity), or [text] and in braces JSON with its entity"
            yield Problem(example.where, example.intent, "broken entity markup", remedy)
        if len(example.text) > LONGEST:
            what = f"an example of {len(example.text):,} characters"
            yield Problem(example.where, example.intent, what, f"cut it: only the first {LONGEST:,} are ever read")


def _strange(found: Sequence[Example], named: Collection[str]) -> Iterator[Problem]:
    first = {example.intent: example.where for example in reversed(found)}
    for intent, where in first.items():
        if intent not in named:
            yield Problem(where, intent, "not in the domain", "add it to domain.yml, or correct its spelling")


def _few(found: Sequence[Example], named: Mapping[str, str]) -> Iterator[Problem]:
    by_intent = defaultdict(list)
    for example in found:
        by_intent[example.intent].append(example)
    for intent in {**named, **by_intent}:
        count = len(by_intent[intent])
        if count < FEWEST:
            where = by_intent[intent][0].where if count else named[intent]
            what = f"{count} example{'' if count == 1 else 's'}"
            yield Problem(where, intent, what, f"give it {FEWEST} at the least, a dozen in every language are better")


def _claimed_twice(found: Sequence[Example]) -> Iterator[Problem]:
    first: dict[str, Example] = {}
    for example in found:
        other = first.setdefault(example.text.casefold(), example)
        if other.intent != example.intent:
            what = f"{example.text!r} is an example of {other.intent} too, in {other.where}"
            yield Problem(example.where, example.intent, what, "keep it where it belongs")


def _marked_well(marked: str) -> bool:
    rest = MARKUP.sub("", marked)
    if "](" in rest or "]{" in rest or rest.count("[") != rest.count("]"):
        return False
    return all(_names_an_entity(match["one"]) for match in MARKUP.finditer(marked) if match["one"])


def _names_an_entity(braces: str) -> bool:
    try:
        return bool(json.loads(f"{{{braces}}}")["entity"])
    except (ValueError, KeyError):
        return False
