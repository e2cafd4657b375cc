"""From what was understood to what to do: pure, so that every rule can be read and tested on its own.

human asked for            -> Escalate at once, at any time
Rasa silent                -> Escalate
a fact was asked for       -> Ask for the next, or Escalate with all of them
sure                       -> Answer
two or three are close     -> Clarify, once
none is likely             -> Escalate
"that didn't help"         -> Answer with the next best, or collect facts and Escalate
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.dialogue import Dialogue
from bot.policy import SPECIAL, Policy, said_facts
from bot.settings import Decisions
from bot.understood import Guess, Understood
from channels.base import Owner

#: Payloads of buttons. An intent's own button is INTENT + its name.
HUMAN, DIDNT_HELP, SKIP, INTENT = "human", "didnt_help", "skip", "intent:"

#: Choices a person can take in at a glance.
MOST_CHOICES = 3

#: A fact told in the user's own words is cut here; characters.
LONGEST_FACT = 200


@dataclass(frozen=True, slots=True)
class Situation:
    """A turn as the rules see it."""

    owner: Owner
    text: str
    dialogue: Dialogue
    #: None where Rasa did not answer.
    understood: Understood | None
    #: A button that was really offered.
    choice: str | None = None
    files: int = 0
    #: Intents that have an answer, and so a title to offer.
    answerable: frozenset[str] = frozenset()
    #: Ticket numbers look like this.
    ticket_prefix: str = "FD"


@dataclass(frozen=True, slots=True)
class Silence:
    """A human answers here."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Say what is approved for `intent`. `another`: it is the next best after one that did not help."""

    intent: str
    confidence: float | None = None
    another: bool = False


@dataclass(frozen=True, slots=True)
class Clarify:
    """Ask which of `intents` is meant."""

    intents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for `fact`; `first` where it is the first of several."""

    fact: str
    first: bool


@dataclass(frozen=True, slots=True)
class Escalate:
    """Open a ticket about `topic`. `answer` names an intent whose approved text comes first."""

    reason: str
    topic: str | None
    facts: Mapping[str, str] = field(default_factory=dict)
    tried: tuple[str, ...] = ()
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class TellStatus:
    """Say how a ticket stands; the newest one where `number` is None."""

    number: str | None


@dataclass(frozen=True, slots=True)
class SwitchLanguage:
    """Speak `language` from now on; None where the user named none that is known."""

    language: str | None


@dataclass(frozen=True, slots=True)
class Say:
    """One of Frontdesk's own sentences."""

    name: str


Decision = Silence | Answer | Clarify | Ask | Escalate | TellStatus | SwitchLanguage | Say


def decide(situation: Situation, policy: Policy, limits: Decisions) -> tuple[Decision, Dialogue]:
    """What to do, and what to remember."""
    return _Turn(situation, policy, limits).decide()


class _Turn:
    """The rules in the order they are asked; each hands on to the next."""

    def __init__(self, situation: Situation, policy: Policy, limits: Decisions) -> None:
        self.now = situation
        self.policy = policy
        self.limits = limits
        self.memory = situation.dialogue.but(offered=())
        self.heard = situation.understood or Understood(())
        self.best = self.heard.ranking[0] if self.heard.ranking else Guess("", 0.0)

    def decide(self) -> tuple[Decision, Dialogue]:  # noqa: PLR0911 - one way out a rule
        if self.now.owner is not Owner.BOT:
            return Silence(), self.now.dialogue
        meant = self.now.choice or self._numbered() or self.policy.phrase(self.now.text)
        if meant:
            return self._chosen(meant)
        if not self.now.text:
            return self._wordless()
        number = self._ticket_number()
        if number and not self._sure("human"):
            return TellStatus(number), self.memory
        if self.now.understood is None:
            return self._escalate("down")
        if not any(character.isalnum() for character in self.now.text):
            return Say("no_words"), self.memory
        self._learn_facts()
        return self._fact_told(self.memory.asking) if self.memory.asking else self._understood()

    def _numbered(self) -> str | None:
        """The button meant by a bare number, on channels that show buttons as a numbered list."""
        offered, text = self.now.dialogue.offered, self.now.text.strip()
        if text.isascii() and text.isdigit() and 0 < int(text[:3]) <= len(offered):
            return offered[int(text) - 1]
        return None

    def _chosen(self, payload: str) -> tuple[Decision, Dialogue]:
        if payload == HUMAN:
            return self._escalate("human")
        if payload == DIDNT_HELP:
            return self._another()
        if payload == SKIP and self.memory.asking:
            return self._next_fact()
        intent = payload.removeprefix(INTENT)
        if intent in self.now.answerable:
            return self._answer(Guess(intent, 1.0), chosen=True)
        return Say("choice_expired"), self.memory

    def _wordless(self) -> tuple[Decision, Dialogue]:
        if self.memory.asking:
            return Ask(self.memory.asking, first=False), self.memory
        return Say("file_only" if self.now.files else "no_words"), self.memory

    def _ticket_number(self) -> str | None:
        match = re.search(rf"(?<![A-Za-z0-9]){self.now.ticket_prefix}-\d{{1,12}}(?!\d)", self.now.text, re.IGNORECASE)
        return match.group().upper() if match else None

    def _sure(self, intent: str) -> bool:
        return self.best.intent == intent and self.best.confidence >= self.limits.confident

    def _understood(self) -> tuple[Decision, Dialogue]:
        likely = [guess for guess in self.heard.ranking if guess.confidence >= self.limits.plausible]
        rivals = [guess for guess in likely if self.best.confidence - guess.confidence < self.limits.close]
        if self.best.confidence >= self.limits.confident and rivals == [self.best]:
            return self._special() if self.best.intent in SPECIAL else self._answer(self.best)
        if self.best.intent == "human" and self.best in likely:
            return self._escalate("human")
        return self._clarify(rivals if len(rivals) > 1 else likely)

    def _special(self) -> tuple[Decision, Dialogue]:
        match self.best.intent:
            case "human":
                return self._escalate("human")
            case "didnt_help":
                return self._another()
            case "ticket_status":
                return TellStatus(None), self.memory
            case "switch_language":
                return self._switch()
            case "deny" if self.memory.topic:
                return self._another()
            case _:
                return Say("glad" if self.memory.topic else "how_can_i_help"), self.memory

    def _switch(self) -> tuple[Decision, Dialogue]:
        named = [entity.value for entity in self.heard.entities if entity.name == "language"]
        return SwitchLanguage(named[-1] if named else None), self.memory

    def _answer(self, guess: Guess, *, chosen: bool = False) -> tuple[Decision, Dialogue]:
        if guess.intent not in self.now.answerable:
            return self._escalate("unsure")
        memory = self.memory
        if guess.intent in self.policy.intents:
            candidates = memory.candidates if chosen else self._candidates()
            memory = memory.but(
                topic=guess.intent,
                tried=(*memory.tried, guess.intent) if guess.intent not in memory.tried else memory.tried,
                candidates=tuple(name for name in candidates if name != guess.intent),
            )
        self.memory = memory.but(unclear=False, asking=None)
        if self.policy.escalates(guess.intent):
            return self._escalate("policy", answer=guess.intent)
        return Answer(guess.intent, guess.confidence), self.memory

    def _candidates(self) -> tuple[str, ...]:
        return tuple(
            guess.intent
            for guess in self.heard.ranking[: MOST_CHOICES + 1]
            if guess.confidence >= self.limits.plausible / 2 and guess.intent in self.policy.intents
        )

    def _clarify(self, guesses: list[Guess]) -> tuple[Decision, Dialogue]:
        names = [guess.intent for guess in guesses if guess.intent in self.policy.intents]
        offered = tuple(name for name in names if name in self.now.answerable)[:MOST_CHOICES]
        if not offered or self.memory.unclear:
            return self._escalate("unsure")
        return Clarify(offered), self.memory.but(unclear=True, candidates=offered, tried=())

    def _another(self) -> tuple[Decision, Dialogue]:
        left = [name for name in self.memory.candidates if name not in self.memory.tried]
        if not left:
            return self._collect("unhelpful")
        # The topic stays: what else was tried says nothing about whose business it is.
        memory = self.memory.but(tried=(*self.memory.tried, left[0]), candidates=tuple(left[1:]))
        return Answer(left[0], another=True), memory

    def _learn_facts(self) -> None:
        entities = {entity.name: entity.value for entity in self.heard.entities}
        said = said_facts(self.policy, self.policy.facts, self.now.text, entities)
        self.memory = self.memory.but(facts={**self.memory.facts, **said})

    def _collect(self, reason: str) -> tuple[Decision, Dialogue]:
        self.memory = self.memory.but(reason=reason, asked=())
        return self._next_fact()

    def _fact_told(self, fact: str) -> tuple[Decision, Dialogue]:
        if self._sure("human"):
            return self._escalate("human")
        fresh = self.memory.facts.get(fact) != self.now.dialogue.facts.get(fact)
        if not fresh and self._changed_subject():
            self.memory = self.memory.but(asking=None, reason=None)
            return self._understood()
        if not fresh:
            told = self.now.text.strip()[:LONGEST_FACT]
            self.memory = self.memory.but(facts={**self.memory.facts, fact: told})
        return self._next_fact()

    def _changed_subject(self) -> bool:
        about = self.policy.category_of(self.best.intent)
        return (
            self.best.confidence >= self.limits.confident
            and self.best.intent in self.policy.intents
            and about != self.policy.category_of(self.memory.topic)
        )

    def _next_fact(self) -> tuple[Decision, Dialogue]:
        needed = self.policy.categories[self.policy.category_of(self.memory.topic)].facts
        for name in needed:
            if name not in self.memory.facts and name not in self.memory.asked:
                first = not self.memory.asked
                return Ask(name, first), self.memory.but(asking=name, asked=(*self.memory.asked, name))
        return self._escalate(self.memory.reason or "unhelpful")

    def _escalate(self, reason: str, answer: str | None = None) -> tuple[Decision, Dialogue]:
        memory = self.memory
        decision = Escalate(reason, memory.topic, memory.facts, memory.tried, answer)
        return decision, Dialogue(facts=memory.facts, pinned=memory.pinned)
