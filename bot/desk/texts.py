"""The words of the desk: texts/*.json, each a map from language to names and texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "texts"

#: What is shown to who has no language of these.
FALLBACK = "en"


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Every text by language and by name: `<file>.<name>`."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(FOLDER.glob("*.json")):
        for language, words in json.loads(path.read_text("utf-8")).items():
            found.setdefault(language, {}).update({f"{path.stem}.{name}": text for name, text in words.items()})
    return found


class Words:
    """The desk in one language: `words("desk.told_take", ticket="FD-1042")`. Raises `KeyError` for an unknown name."""

    def __init__(self, language: str) -> None:
        self.language = language if language in texts() else FALLBACK
        self._texts = texts()[self.language]

    def __call__(self, name: str, /, **values: object) -> str:
        return self._texts[name].format(**values)

    def has(self, name: str) -> bool:
        """Whether there is such a text."""
        return name in self._texts

    def group(self, prefix: str) -> dict[str, str]:
        """The texts whose names begin with `prefix`, by the rest of their names."""
        return {name.removeprefix(prefix): text for name, text in self._texts.items() if name.startswith(prefix)}
