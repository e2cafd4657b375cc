"""From what was understood to what to do: pure, so that every rule can be read and tested on its own.

asked how it was           -> Rate, then Comment, where the words are an answer to that and nothing else
human asked for            -> Escalate at once, at any time
"how long?" in the queue   -> TellStatus; to all else there the bot is silent
Rasa silent                -> Escalate
a phrase of alarm          -> Escalate with the approved answer, also where Rasa is silent
a call is wanted, allowed  -> Ask for the number and what else is needed, then Escalate and offer slots
a fact was asked for       -> Ask for the next, or Escalate with all of them; in public none is asked for
a risk, certain            -> Escalate with the approved answer
a risk, possible           -> Escalate, never asking back
sure                       -> Answer
two or three are close     -> Clarify, once
none is likely             -> Escalate
"that didn't help"         -> Answer with the next best, or collect facts and Escalate
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.actions import (
    Answer,
    Ask,
    BookCall,
    Clarify,
    Comment,
    Decision,
    Escalate,
    Rate,
    Say,
    Silence,
    SwitchLanguage,
    TellStatus,
)
from bot.callbacks.talk import CALL, CALL_OFF, REASON, moment, reason_of
from bot.dialogue import Dialogue
from bot.policy import SPECIAL, Policy, said_facts
from bot.scores import RATE
from bot.settings import Decisions
from bot.situation import Situation
from bot.understood import Guess, Understood
from channels.words import Owner

#: Payloads of buttons. An intent's own button is INTENT + its name.
HUMAN, DIDNT_HELP, SKIP, INTENT = "human", "didnt_help", "skip", "intent:"

#: Choices a person can take in at a glance.
MOST_CHOICES = 3

#: A fact told in the user's own words is cut here; characters.
LONGEST_FACT = 200

Decided = tuple[Decision, Dialogue]


def decide_at_once(situation: Situation, policy: Policy, limits: Decisions) -> Decided | None:
    """What to do and what to remember, where that needs no Rasa; None where it does."""
    return _Turn(situation, policy, limits).at_once()


def decide(situation: Situation, policy: Policy, limits: Decisions) -> Decided:
    """What to do and what to remember, once Rasa was asked."""
    return _Turn(situation, policy, limits).decide()


class _Turn:
    """The rules in the order they are asked; each hands on to the next."""

    def __init__(self, situation: Situation, policy: Policy, limits: Decisions) -> None:
        self.situation = situation
        self.policy = policy
        self.limits = limits
        self.before = situation.dialogue
        self.memory = self.before.but(offered=(), last=None, rating=None, commenting=None)
        self.heard = situation.understood or Understood(())
        self.best = self.heard.ranking[0] if self.heard.ranking else Guess("", 0.0)

    def at_once(self) -> Decided | None:
        if self.situation.owner is Owner.QUEUE and self._asks_how_long():
            return TellStatus(self.situation.ticket_number), self.before
        if self.situation.owner is not Owner.BOT:
            # A bare number may be the answer to an agent's question.
            numbered = self.situation.numbered if self.situation.owner is Owner.QUEUE else None
            return self._call(self.situation.choice or numbered) or (Silence(), self.before)
        rated = self._rated() or self._comment()
        if rated:
            return rated
        meant = self.situation.choice or self.situation.numbered or self._phrase()
        if meant:
            return self._chosen(meant)
        if not any(character.isalnum() for character in self.situation.text):
            return self._wordless()
        number = None if self._alarm() else self.situation.ticket_number
        return (TellStatus(number), self.memory) if number else None

    def _rated(self) -> Decided | None:
        """The user was asked how it was, and says it: with a button at any time, in words right away."""
        pressed = RATE.fullmatch(self.situation.choice or "")
        if pressed:
            return self._thanked(Rate(int(pressed[1]), int(pressed[2])))
        if self.before.rating and self.situation.score and not self.situation.pressed:
            return self._thanked(Rate(self.before.rating, *self.situation.score))
        return None

    def _thanked(self, rate: Rate) -> Decided:
        return rate, self.memory.but(commenting=None if rate.comment else rate.ticket_id)

    def _comment(self) -> Decided | None:
        """Why the score was so. A question, a call for a human and a ticket's number are none."""
        ticket_id, said = self.before.commenting, self.situation.text.strip()
        pressed = self.situation.choice or self.situation.numbered
        if ticket_id and pressed == SKIP:
            return Comment(ticket_id, ""), self.memory
        meant = pressed or self._phrase() or self._alarm() or self.situation.ticket_number
        other = meant or self.situation.pressed or self.situation.asks
        if not ticket_id or other or not any(character.isalnum() for character in said):
            return None
        return Comment(ticket_id, said), self.memory

    def decide(self) -> Decided:
        said = self._facts_said()
        facts = {**self.memory.facts, **said}
        self.memory = self.memory.but(facts=facts, doubts=self._doubts(facts.values()))
        alarm = self._alarm()
        if alarm:
            return self._answer(Guess(alarm, 1.0), (), said)
        if self.situation.understood is None:
            return self._escalate("down")
        return self._fact_told(self.memory.asking, said) if self.memory.asking else self._understood(said)

    def _phrase(self) -> str | None:
        """What one of the messages means unmistakably: a call for a human alone among others is heard."""
        meant = [self.policy.phrase(text) for text in self.situation.texts]
        if len(meant) == 1:
            return meant[0]
        return HUMAN if HUMAN in meant and not self._alarm() else None

    def _alarm(self) -> str | None:
        """The risk that a phrase within one of the messages tells of."""
        return next(filter(None, map(self.policy.alarm, self.situation.texts)), None)

    def _chosen(self, payload: str) -> Decided:
        if payload == HUMAN:
            return self._escalate("human")
        if payload == DIDNT_HELP:
            return self._another()
        if payload == SKIP and self.memory.asking:
            return self._next_fact()
        if call := self._call(payload):
            return call
        intent = payload.removeprefix(INTENT)
        if intent in self.situation.answerable:
            return self._answer(Guess(intent, 1.0), self.memory.candidates, {})
        return Say("choice_expired"), self.memory

    def _call(self, pressed: str | None) -> Decided | None:
        """What has to do with a call is the bot's also where a ticket waits; in an agent's hands only the slot is."""
        slot_at, calls = moment(pressed), self.situation.calls
        if slot_at or pressed == CALL_OFF:
            return BookCall(slot_at), self.before
        wants = pressed == CALL or (self.situation.owner is Owner.QUEUE and calls and self._phrase() == calls.intent)
        if not (wants and calls) or self.situation.owner is Owner.AGENT:
            return None
        self.memory = Dialogue(topic=calls.intent, facts=dict(calls.known), pinned=self.memory.pinned)
        return self._collect(REASON)

    def _wordless(self) -> Decided:
        if self.situation.pressed:
            return Say("choice_expired"), self.memory
        if self.memory.asking:
            return Ask(self.memory.asking, first=False), self.memory
        if self.situation.secret:
            return Say("how_can_i_help"), self.memory
        return Say("file_only" if self.situation.files else "no_words"), self.memory

    def _asks_how_long(self) -> bool:
        """Whether a message is that question alone, with a ticket's number or without, or the number alone."""
        number = self.situation.ticket_number or "\0"
        left = [text.upper().replace(number, "").strip() for text in self.situation.texts]
        return "" in left or any(map(self.policy.asks_how_long, left))

    def _sure(self) -> str | None:
        """The best intent, where it may be acted on without asking back."""
        return None if self.heard.refused or self.best.confidence < self.limits.confident else self.best.intent

    def _understood(self, said: Mapping[str, str]) -> Decided:
        likely = [guess for guess in self.heard.ranking if guess.confidence >= self.limits.plausible]
        rivals = [guess for guess in likely if self.best.confidence - guess.confidence < self.limits.close]
        clear = self._sure() is not None and rivals == [self.best]
        risk = next((guess.intent for guess in rivals if guess.intent in self.policy.risks), None)
        if risk and not (clear and self.best.confidence >= self.limits.certain):
            return self._unanswered(risk, said)
        if clear:
            return self._special() if self.best.intent in SPECIAL else self._answer(self.best, self._candidates(), said)
        if self.best.intent == HUMAN and self.best in likely:
            return self._escalate("human")
        return self._clarify(rivals if len(rivals) > 1 else likely, said)

    def _unanswered(self, risk: str, said: Mapping[str, str]) -> Decided:
        """A human hears of a possible risk; a choice would cost time, and advice might be for something else."""
        self._take_up(risk, (), said)
        self.memory = self.memory.but(tried=())
        return self._escalate("risk")

    def _special(self) -> Decided:  # noqa: PLR0911 - one way out an intent
        match self.best.intent, self.before.last:
            case "human", _:
                return self._escalate("human")
            case "didnt_help", _:
                return self._another()
            case "ticket_status", _:
                return TellStatus(None), self.memory
            case "switch_language", _:
                return self._switch()
            case answer, "question":
                return self._clarified(yes=answer == "affirm")
            case "deny", "answer":
                return self._another()
            case _, "answer":
                return Say("glad"), Dialogue(pinned=self.memory.pinned)
            case _:
                return Say("how_can_i_help"), self.memory

    def _clarified(self, *, yes: bool) -> Decided:
        """Yes to a single suggestion is an answer; to several it says nothing, and no says that none was right."""
        offered = self.memory.candidates
        if yes and len(offered) == 1:
            return self._answer(Guess(offered[0], 1.0), (), {})
        return (Clarify(offered), self.memory) if yes else self._escalate("unsure")

    def _switch(self) -> Decided:
        named = [entity.value for entity in self.heard.entities if entity.name == "language"]
        return SwitchLanguage(named[-1] if named else None), self.memory

    def _answer(self, guess: Guess, candidates: tuple[str, ...], said: Mapping[str, str]) -> Decided:
        if guess.intent not in self.situation.answerable:
            return self._escalate("unsure")
        if guess.intent in self.policy.intents:
            self._take_up(guess.intent, candidates, said)
        if self.situation.calls and guess.intent == self.situation.calls.intent:
            return self._collect(REASON)
        if self.policy.escalates(guess.intent):
            return self._escalate("policy", answer=guess.intent)
        return Answer(guess.intent, guess.confidence), self.memory

    def _take_up(self, topic: str, candidates: tuple[str, ...], said: Mapping[str, str]) -> None:
        """What was told about another topic says nothing about this one."""
        same = topic == self.memory.topic
        self.memory = self.memory.but(
            topic=topic,
            tried=(topic,) if not same else self.memory.tried,
            candidates=tuple(name for name in candidates if name != topic),
            facts=self.memory.facts if same or not self.memory.topic else dict(said),
            asking=None,
            last="answer",
        )

    def _candidates(self) -> tuple[str, ...]:
        return tuple(
            guess.intent
            for guess in self.heard.ranking[: MOST_CHOICES + 1]
            if guess.confidence >= self.limits.plausible / 2 and guess.intent in self.policy.intents
        )

    def _clarify(self, guesses: list[Guess], said: Mapping[str, str]) -> Decided:
        names = [guess.intent for guess in guesses if guess.intent in self.policy.intents]
        offered = tuple(name for name in names if name in self.situation.answerable)[:MOST_CHOICES]
        if not offered or self.before.last == "question":
            return self._escalate("unsure")
        fresh = self.memory.but(topic=None, tried=(), facts=dict(said))
        return Clarify(offered), fresh.but(last="question", candidates=offered)

    def _another(self) -> Decided:
        passed = {*self.memory.tried, *self.policy.risks}
        left = [name for name in self.memory.candidates if name not in passed]
        if not left:
            return self._collect("unhelpful")
        memory = self.memory.but(
            # What the user came with stays: what else was tried says nothing about whose business it is.
            topic=self.memory.topic or left[0],
            tried=(*self.memory.tried, left[0]),
            candidates=tuple(left[1:]),
            last="answer",
        )
        return Answer(left[0], another=True), memory

    def _facts_said(self) -> dict[str, str]:
        text, calls = self.situation.text, self.situation.calls
        entities = {entity.name: entity.value for entity in self.heard.entities}
        said = said_facts(self.policy, self.policy.facts, text, entities)
        return calls.checked(said, self.memory.asking, text) if calls else said

    def _doubts(self, told: Collection[str]) -> dict[str, str]:
        heard = {entity.value: entity.check for entity in self.heard.entities if entity.check}
        return {value: check for value, check in {**self.memory.doubts, **heard}.items() if value in told}

    def _collect(self, reason: str) -> Decided:
        self.memory = self.memory.but(reason=reason, asked=())
        return self._next_fact()

    def _fact_told(self, fact: str, said: Mapping[str, str]) -> Decided:
        sure = self._sure()
        if sure in self.policy.risks:
            return self._understood(said)
        if fact in said or sure in ("deny", "didnt_help"):
            return self._next_fact()
        if sure in SPECIAL - {"affirm"}:
            return self._special()
        if sure in self.situation.answerable and self._not_about(fact):
            self.memory = self.memory.but(asking=None if sure in self.policy.intents else fact)
            return self._understood(said)
        if self.situation.calls and fact == self.situation.calls.number:
            return self._again(fact)
        told = self.situation.text.strip()[:LONGEST_FACT]
        self.memory = self.memory.but(facts={**self.memory.facts, fact: told})
        return self._next_fact()

    def _again(self, fact: str) -> Decided:
        """What cannot be a number is asked for once more."""
        if self.memory.asked.count(fact) > 1:
            return self._next_fact()
        return Ask(fact, first=False, again=True), self.memory.but(asked=(*self.memory.asked, fact))

    def _not_about(self, fact: str) -> bool:
        """Whether a sure intent is another matter than the fact asked for; a fact without a form may be any words."""
        if self.best.intent not in self.policy.intents:
            return True
        return not self.policy.facts[fact].formless and self.policy.category_of(
            self.best.intent
        ) != self.policy.category_of(self.memory.topic)

    def _next_fact(self) -> Decided:
        needed = self.policy.categories[self.policy.category_of(self.memory.topic)].facts
        for name in () if self.situation.public else needed:
            if name not in self.memory.facts and name not in self.memory.asked:
                first = not self.memory.asked
                return Ask(name, first), self.memory.but(asking=name, asked=(*self.memory.asked, name))
        return self._escalate(reason_of(self.memory, self.situation.calls))

    def _escalate(self, reason: str, answer: str | None = None) -> Decided:
        memory = self.memory
        decision = Escalate(reason, memory.topic, memory.facts, memory.tried, answer, memory.doubts)
        return decision, Dialogue(pinned=memory.pinned)
