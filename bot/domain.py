"""intents/domain.yml as far as the bot reads it: which intents there are, and which of them are a risk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from bot.config_file import ConfigFile
from bot.errors import Misconfigured, Problem

FILE = "domain.yml"

#: What may be at stake where an intent is misunderstood; such an intent is never guessed.
Risk = Literal["security", "money", "legal"]
RISKS: tuple[Risk, ...] = get_args(Risk)

#: Properties an intent may have: the first two are ours, which Rasa passes over, the others Rasa's.
PROPERTIES = ("about", "risk", "use_entities", "ignore_entities")


def intents(file: ConfigFile) -> dict[str, str]:
    """Every intent of a Rasa domain, and where it stands."""
    return {name: file.line(("intents", place)) for place, name, _ in _entries(file)}


def risks(file: ConfigFile) -> dict[str, Risk]:
    """The risk of every intent that has a known one."""
    return {name: risk for _, name, properties in _entries(file) for risk in RISKS if properties.get("risk") == risk}


def problems(file: ConfigFile) -> Iterator[Problem]:
    """Properties that nobody reads, and risks that are none."""
    for place, name, properties in _entries(file):
        for key in properties:
            keys, dotted = ("intents", place, name, key), f"intents.{name}.{key}"
            if key not in PROPERTIES:
                yield Problem(file.line(keys), dotted, "unknown property", f"use one of {', '.join(PROPERTIES)}")
            elif key == "risk" and properties[key] not in RISKS:
                what = f"no risk class {properties[key]!r}"
                yield Problem(file.line(keys), dotted, what, f"use one of {', '.join(RISKS)}, or leave it out")


def load(folder: Path) -> dict[str, Risk]:
    """The risks of the Rasa project in `folder`. Raises `Misconfigured`: a misspelt risk would be no risk."""
    file = ConfigFile(folder / FILE)
    found = list(problems(file))
    if found:
        raise Misconfigured(found)
    return risks(file)


def _entries(file: ConfigFile) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """Place, name and properties of every intent, with or without properties."""
    for place, entry in enumerate(file.values().get("intents") or []):
        named = entry if isinstance(entry, dict) else {str(entry): None}
        for name, properties in named.items():
            yield place, name, properties or {}
