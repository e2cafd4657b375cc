"""Examples in Rasa's YAML, as Rasa reads them, each with the line it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config_file import ConfigFile
from bot.errors import Misconfigured, Problem

#: An entity marked in an example; the pattern of rasa/shared/nlu/training_data/entities_parser.py.
MARKUP = re.compile(
    r"\[(?P<text>[^\]]+?)\](?:\((?P<entity>[^:)]+?)(?:\:[^)]+)?\)|\{(?P<one>[^}]+?)\}|\[(?P<many>.*?)\])"
)


@dataclass(frozen=True, slots=True)
class Example:
    """What somebody may write, and what is meant."""

    #: Without the markup of entities.
    text: str
    intent: str
    #: "intents/data/account.yml:12"
    where: str
    #: As it stands in the file.
    marked: str


def examples(path: Path) -> list[Example]:
    """The examples of intents in a file, in its order. Raises `Misconfigured` with everything Rasa would skip."""
    file = ConfigFile(path, str(path))
    items = file.values().get("nlu") or []
    if not isinstance(items, list):
        raise Misconfigured([Problem(file.line(("nlu",)), "nlu", "not a list", "write `- intent:` below it")])
    read = _Reader(file)
    found = [example for number, item in enumerate(items) for example in read.item(number, item)]
    if read.problems:
        raise Misconfigured(read.problems)
    return found


def plain(marked: str) -> str:
    """An example without the markup of entities."""
    return MARKUP.sub(lambda match: match["text"], marked)


class _Reader:
    """Collects the problems of a file on the way through it."""

    def __init__(self, file: ConfigFile) -> None:
        self.problems: list[Problem] = []
        self._file = file

    def item(self, number: int, item: Any) -> Iterator[Example]:
        if not isinstance(item, dict):
            self._problem(("nlu", number), "nlu", "not a mapping", "write `- intent:` and below it `examples: |`")
        elif "intent" in item:
            yield from self._intent(number, str(item["intent"]), item.get("examples"))

    def _intent(self, number: int, intent: str, written: Any) -> Iterator[Example]:
        keys = ("nlu", number, "examples")
        if isinstance(written, str):
            yield from self._block(self._file.number(keys) + 1, intent, written)
        elif isinstance(written, list):
            for place, entry in enumerate(written):
                yield from self._entry((*keys, place), intent, entry)
        else:
            self._problem(keys, intent, "no examples", "write `examples: |` and below it a line `- ...` for each")

    def _block(self, first: int, intent: str, written: str) -> Iterator[Example]:
        for number, line in enumerate(written.splitlines(), first):
            where = f"{self._file.path}:{number}"
            marked = line[1:].strip()
            if line.startswith("-") and marked:
                yield Example(plain(marked), intent, where, marked)
            elif line.strip():
                self.problems.append(Problem(where, intent, "no example, so Rasa skips it", "write `- ` and a text"))

    def _entry(self, keys: tuple[str | int, ...], intent: str, entry: Any) -> Iterator[Example]:
        marked = str(entry.get("text") or "").strip() if isinstance(entry, dict) else ""
        if marked:
            yield Example(plain(marked), intent, self._file.line(keys), marked)
        else:
            self._problem(keys, intent, "no example, so Rasa skips it", "write `- text:` and a text")

    def _problem(self, keys: tuple[str | int, ...], key: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(self._file.line(keys), key, what, remedy))
