"""responses/escalation.yml: which intent is whose business, how urgent, and what a human will need to know."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.config_file import ConfigFile
from bot.settings import Priority

FILE = "escalation.yml"

#: What none of the other intents means; its examples teach the model to refuse.
OUT_OF_SCOPE = "out_of_scope"

#: What the bot does itself; these intents have no answer of their own.
SPECIAL = frozenset({"human", "didnt_help", "ticket_status", "switch_language", "affirm", "deny", OUT_OF_SCOPE})

#: Where an escalation goes that belongs to no topic.
GENERAL = "general"

Texts = Mapping[str, str]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Category(_Part):
    """A kind of ticket. `facts` are asked for before a human is."""

    title: Texts
    priority: Priority = "normal"
    facts: tuple[str, ...] = ()


class IntentPolicy(_Part):
    """Whose business an intent is. `then: escalate` opens a ticket together with the answer."""

    category: str
    priority: Priority | None = None
    then: Literal["answer", "escalate"] = "answer"


class Fact(_Part):
    """Something a human will need: filled by `entity`, else by the first match of `pattern`, else by a whole answer."""

    title: Texts
    ask: Texts
    entity: str | None = None
    pattern: re.Pattern[str] | None = None


class Policy(_Part):
    """The whole of escalation.yml."""

    categories: Mapping[str, Category]
    intents: Mapping[str, IntentPolicy]
    facts: Mapping[str, Fact] = {}
    #: Whole messages that are recognised without Rasa, by what they mean and language.
    phrases: Mapping[Literal["human", "didnt_help"], Mapping[str, tuple[str, ...]]] = {}

    def category_of(self, intent: str | None) -> str:
        """The category of an intent, `general` for none."""
        policy = self.intents.get(intent or "")
        return policy.category if policy else GENERAL

    def priority_of(self, intent: str | None) -> Priority:
        """The intent's own priority, else its category's."""
        policy = self.intents.get(intent or "")
        return (policy and policy.priority) or self.categories[self.category_of(intent)].priority

    def escalates(self, intent: str) -> bool:
        """Whether an answer to this intent opens a ticket as well."""
        policy = self.intents.get(intent)
        return policy is not None and policy.then == "escalate"

    def phrase(self, text: str) -> str | None:
        """The special intent that the whole of `text` unmistakably means."""
        return self._phrases.get(_bare(text))

    @cached_property
    def _phrases(self) -> dict[str, str]:
        return {
            _bare(phrase): intent
            for intent, languages in self.phrases.items()
            for phrases in languages.values()
            for phrase in phrases
        }


def load(folder: Path) -> Policy:
    """Raises `Misconfigured` with the line of every problem."""
    file = ConfigFile(folder / FILE)
    with file.blamed():
        return Policy(**file.values())


def _bare(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(
        character for character in folded if unicodedata.category(character)[0] in "LNM" or character == " "
    ).strip()


def said_facts(policy: Policy, names: Iterable[str], text: str, entities: Mapping[str, str]) -> dict[str, str]:
    """Which of the facts `names` stand in a message, by entity or by pattern."""
    found = {}
    for name in names:
        fact = policy.facts[name]
        match = fact.pattern.search(text) if fact.pattern else None
        value = entities.get(fact.entity or "") or (match.group() if match else None)
        if value:
            found[name] = value
    return found
