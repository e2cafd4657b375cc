"""Corrections as examples in Rasa's YAML."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from bot.policy import bare
from bot.redaction import redact, unmarked
from bot.store.corrections import Corrected

#: Marks by which Rasa would take words of a user for an entity, or the line for something else, and what stands there
#: instead.
PLAIN = str.maketrans({"[": "(", "]": ")", "{": "(", "}": ")"})

#: Characters of an example: a longer one is a story, of which no model learns one intent.
LONGEST = 400


def examples_of(corrections: Iterable[Corrected], known: Collection[str]) -> dict[str, list[str]]:
    """New examples by intent, each text once, in order.

    Secrets are left out, and so is what says too much or nothing, what is among the texts `known`, and what agents
    gave two meanings.
    """
    meanings: dict[str, set[str]] = defaultdict(set)
    first: dict[str, str] = {}
    for correction in corrections:
        text = example_of(correction.text)
        if text and bare(text) not in known:
            meanings[bare(text)].add(correction.intent)
            first.setdefault(bare(text), text)
    found: dict[str, list[str]] = defaultdict(list)
    for same, intents in meanings.items():
        if len(intents) == 1:
            found[next(iter(intents))].append(first[same])
    return dict(sorted(found.items()))


def example_of(text: str) -> str:
    """The text in one line, without secrets and without what Rasa reads as markup; "" where it is no example."""
    said = " ".join(unmarked(redact(text)).translate(PLAIN).split()).lstrip("-/ ")
    return said if len(said) <= LONGEST and bare(said) else ""


def as_yaml(found: dict[str, list[str]]) -> str:
    """A file for `intents/data`."""
    blocks = [
        f"- intent: {intent}\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)
        for intent, texts in found.items()
    ]
    return 'version: "3.1"\n\nnlu:\n' + "\n".join(blocks)
