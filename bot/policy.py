"""responses/escalation.yml: which intent is whose business, how urgent, and what a human will need to know."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from bot.config_file import ConfigFile
from bot.domain import Risk
from bot.priority import Priority

FILE = "escalation.yml"

#: What none of the other intents means; its examples teach the model to refuse.
OUT_OF_SCOPE = "out_of_scope"

#: What the bot does itself; these intents have no answer of their own.
SPECIAL = frozenset({"human", "didnt_help", "ticket_status", "switch_language", "affirm", "deny", OUT_OF_SCOPE})

#: Where an escalation goes that belongs to no topic.
GENERAL = "general"

#: What a ticket calls the risk class and the tone, among its facts.
RISK, TONE = "risk", "tone"

#: Priorities, each more urgent than the one before.
RANK: tuple[Priority, ...] = get_args(Priority)[::-1]

#: Dropped from words, where every other mark separates them.
_APOSTROPHES = frozenset("'’‘`")
#: A letter or digit of a script that puts blanks between words.
_IN_WORD = r"[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"

_NOTHING = "(?!)"

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

    @property
    def formless(self) -> bool:
        """Whether any words may be it."""
        return self.entity is None and self.pattern is None


class Rules(_Part):
    """The whole of escalation.yml."""

    categories: Mapping[str, Category]
    intents: Mapping[str, IntentPolicy]
    facts: Mapping[str, Fact] = {}
    #: What agents read behind a value that failed a check, by the check's name.
    checks: Mapping[str, Texts] = {}
    #: Messages that are recognised without Rasa, by what they mean and language: whole ones, for an intent with a risk
    #: also within a message.
    phrases: Mapping[str, Mapping[str, tuple[str, ...]]] = {}
    #: Whole messages that ask, of somebody in the queue, how long it will take; by language.
    how_long: Mapping[str, tuple[str, ...]] = {}
    #: Words within a message, by the tone they tell of and language; a tone makes a ticket more urgent by one step.
    tones: Mapping[str, Mapping[str, tuple[str, ...]]] = {}


class Policy(Rules):
    """escalation.yml, and what the domain says of risk."""

    risks: Mapping[str, Risk] = {}

    def category_of(self, intent: str | None) -> str:
        """The category of an intent, `general` for none."""
        policy = self.intents.get(intent or "")
        return policy.category if policy else GENERAL

    def priority_of(self, intent: str | None) -> Priority:
        """The intent's own priority, else its category's; with a risk at least high."""
        policy = self.intents.get(intent or "")
        priority = (policy and policy.priority) or self.categories[self.category_of(intent)].priority
        return "high" if intent in self.risks and priority in ("normal", "low") else priority

    def tone(self, text: str) -> str | None:
        """The tone that words of `text` tell of; the file's first of several."""
        said = bare(text)
        return next((tone for tone, pattern in self._tones.items() if pattern.search(said)), None)

    def priority_for(self, intent: str | None, text: str, raised: int = 0) -> Priority:
        """`priority_of` the intent, one step up for a tone in `text` and `raised` steps for who the person is.

        Without a risk a tone lifts to high at most: urgent is what cannot wait, not who is loudest.
        """
        own = self.priority_of(intent)
        loudest = "urgent" if intent in self.risks else "high"
        may_rise = RANK.index(own) < RANK.index(loudest)
        return _up(own, raised + (1 if may_rise and self.tone(text) else 0))

    def escalates(self, intent: str) -> bool:
        """Whether an answer to this intent opens a ticket as well."""
        policy = self.intents.get(intent)
        return intent in self.risks or (policy is not None and policy.then == "escalate")

    def phrase(self, text: str) -> str | None:
        """The intent that the whole of `text` unmistakably means."""
        return self._phrases.get(bare(text))

    def alarm(self, text: str) -> str | None:
        """The intent with a risk that a phrase within `text` unmistakably tells of; the file's first of several."""
        said = bare(text)
        return next((intent for intent, pattern in self._alarms.items() if pattern.search(said)), None)

    def asks_how_long(self, text: str) -> bool:
        """Whether the whole of `text`, from somebody in the queue, asks how long it will take."""
        return bare(text) in self._how_long

    @cached_property
    def _how_long(self) -> frozenset[str]:
        return frozenset(bare(phrase) for phrases in self.how_long.values() for phrase in phrases)

    @cached_property
    def _phrases(self) -> dict[str, str]:
        return {
            bare(phrase): intent
            for intent, languages in self.phrases.items()
            for phrases in languages.values()
            for phrase in phrases
        }

    @cached_property
    def _alarms(self) -> dict[str, re.Pattern[str]]:
        return {intent: _any_of(said) for intent, said in self.phrases.items() if intent in self.risks}

    @cached_property
    def _tones(self) -> dict[str, re.Pattern[str]]:
        return {tone: _any_of(said) for tone, said in self.tones.items()}


def load(folder: Path, risks: Mapping[str, Risk] = MappingProxyType({})) -> Policy:
    """The policy in `folder`, of a domain with `risks`. Raises `Misconfigured` with the line of every problem."""
    file = ConfigFile(folder / FILE)
    with file.blamed():
        rules = Rules(**file.values())
    return Policy(**dict(rules), risks=risks)


def bare(text: str) -> str:
    """`text` as phrases are compared: words in lower case with one blank between, without marks."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(map(_plain, folded)).split())


def _plain(character: str) -> str:
    kind = unicodedata.category(character)
    if kind[0] in "LNM":
        return character
    return "" if kind == "Cf" or character in _APOSTROPHES else " "


def _up(priority: Priority, steps: int) -> Priority:
    return RANK[min(RANK.index(priority) + steps, len(RANK) - 1)]


def _any_of(said: Mapping[str, tuple[str, ...]]) -> re.Pattern[str]:
    """What finds one of the phrases, of any language, in a text that is `bare`."""
    told = filter(None, (bare(phrase) for phrases in said.values() for phrase in phrases))
    return re.compile("|".join(map(_alone, told)) or _NOTHING)


def _alone(phrase: str) -> str:
    """A pattern for the phrase where no letter of a longer word touches it; Chinese has no such borders."""
    before = rf"(?<!{_IN_WORD})" if re.match(_IN_WORD, phrase) else ""
    after = rf"(?!{_IN_WORD})" if re.match(_IN_WORD, phrase[-1:]) else ""
    return before + re.escape(phrase) + after


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
