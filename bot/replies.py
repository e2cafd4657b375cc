"""A decision in words: the replies to queue, and the ticket to open."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from babel.dates import format_timedelta
from babel.lists import format_list

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
from bot.answers import Answers
from bot.callbacks.section import CallBacksSection, Case
from bot.callbacks.talk import CALL, CALL_OFF, Booked, Offer, Told
from bot.decision import DIDNT_HELP, HUMAN, INTENT, SKIP
from bot.policy import RISK, TONE, Policy
from bot.priority import Priority
from bot.settings import Tickets
from bot.sla.calendar import HORIZON, Calendar
from bot.sla.policies import STANDARD, Policies
from bot.sla.telling import back, when
from bot.store.escalating import Escalation
from bot.store.tables import Ticket
from bot.store.ticketing import OVER
from bot.store.turn import Matter, Reply
from bot.ticket_page.expecting import expected, standing
from bot.tiers import Tier, raised
from channels.words import Author, Choice

#: Left in the text for the transaction that opens the ticket and so knows its number.
TICKET = "{ticket}"

#: Characters of a user's own words that serve as a ticket's title.
LONGEST_TITLE = 80


@dataclass(frozen=True, slots=True)
class Voice:
    """Says decisions in one language on one type of channel."""

    answers: Answers
    policy: Policy
    tickets: Tickets
    language: str
    channel: str
    #: Strangers can read it.
    public: bool = False
    #: Where the person can go on in private, and for how many hours; "" where no link leads there.
    link: str = ""
    hours: int = 0
    #: What is promised, to a person of this tier, and the moment that counts from.
    sla: Policies = STANDARD
    tier: str = ""
    at: datetime = field(default_factory=partial(datetime.now, UTC))
    #: Where the person stands in the queue, as a sentence; "" where nothing is known.
    queue: str = ""
    #: What the tier brings; None where it brings nothing.
    served: Tier | None = None
    #: Who is offered a call; None where nobody is.
    call_backs: CallBacksSection | None = None
    #: What the person wrote; its tone counts for an escalation's priority.
    heard: str = ""
    #: The page of the ticket a `TellStatus` asked for; "" where no link is given.
    page: str = ""
    #: A score up to this reopens the ticket.
    reopen_up_to: int = 0

    def replies(  # noqa: C901, PLR0911 - one case a decision
        self, decision: Decision, ticket: Ticket | None = None, call: Told | None = None
    ) -> list[Reply]:
        """What to say; `ticket` is the one a `TellStatus` asked for, if it is the asker's.

        `call` is what there is to tell of a call.
        """
        match decision:
            case Answer():
                return [self._answer(decision)]
            case Clarify(intents):
                choices = [Choice(title=self._title(intent), payload=INTENT + intent) for intent in intents]
                return [self._say("clarify" if len(intents) > 1 else "clarify_one", *choices, self._human())]
            case Ask(fact, first, again):
                question = self.policy.facts[fact].ask[self.language]
                skip = self._button("skip", SKIP)
                name = "ask_again" if again else "ask_first" if first else "ask_next"
                return [self._say(name, skip, self._human(), question=question)]
            case Escalate():
                return self._escalated(decision, call)
            case BookCall():
                return [self._call(call)]
            case TellStatus(number):
                return [self._status(ticket, number)]
            case SwitchLanguage(language):
                return [self._say("language_switched") if language else self._languages()]
            case Rate(_, score, comment):
                return [self._rated(score, comment)]
            case Comment(_, text):
                return [self._say("rating_thanks" if text else "rating_done")]
            case Say(name):
                return [self._say(name, *([self._human()] if name != "glad" else []))]
            case Silence():
                return []

    def warning(self) -> Reply:
        """To whoever sent what nobody should send."""
        return self._say("secret")

    def welcome(self, fact: str | None) -> Reply:
        """To whoever goes on in private; `fact` is what the bot would like to know first."""
        here = self._say("in_private")
        if fact is None:
            return here
        (asked,) = self.replies(Ask(fact, first=True))
        return Reply(f"{here.text}\n\n{asked.text}", self.language, asked.choices)

    def escalation(self, decision: Escalate) -> Escalation:
        """The ticket of a decision."""
        priority = self._priority(decision.topic)
        risk, tone = self.policy.risks.get(decision.topic or ""), self.policy.tone(self.heard)
        return Escalation(
            prefix=self.tickets.prefix,
            title=self._title(decision.topic) if decision.topic else " ".join(self.heard.split())[:LONGEST_TITLE],
            category=self.policy.category_of(decision.topic),
            priority=priority,
            reason=decision.reason,
            language=self.language,
            promise=self._due(decision) - self.at,
            facts={**self._checked(decision), **({RISK: risk} if risk else {}), **({TONE: tone} if tone else {})},
            tried=decision.tried,
            tier=self.tier,
            unhelped=decision.reason == "unhelpful" and decision.topic is None,
            reopens=timedelta(days=self.tickets.reopen_days),
        )

    def may_call(self, topic: str | None, matter: Matter | None = None) -> bool:
        """Whether somebody with this topic, or a ticket about `matter`, may be called, or whoever asks for a call may.

        Never in public, where nobody can give a number.
        """
        if self.public or self.call_backs is None:
            return False
        cases = [self._case(topic), self._case(self.call_backs.intent)]
        if matter:
            cases.append(Case(self.tier, matter.category, matter.facts.get(RISK, ""), matter.priority))
        return any(map(self.call_backs.allows, cases))

    def _case(self, topic: str | None) -> Case:
        risk = self.policy.risks.get(topic or "", "")
        return Case(self.tier, self.policy.category_of(topic), risk, self._priority(topic))

    def _priority(self, topic: str | None) -> Priority:
        return raised(self.policy.priority_for(topic, self.heard), self.served.raise_priority if self.served else 0)

    def _checked(self, decision: Escalate) -> dict[str, str]:
        """The facts as agents read them: what a check found stands behind the value."""
        found = {value: self.policy.checks.get(check, {}) for value, check in decision.doubts.items()}
        doubts = {value: texts.get(self.language, decision.doubts[value]) for value, texts in found.items()}
        return {
            name: f"{value} ({doubts[value]})" if value in doubts else value for name, value in decision.facts.items()
        }

    def _rated(self, score: int, comment: str) -> Reply:
        if score <= self.reopen_up_to:
            return self._say("rating_reopened")
        if comment:
            return self._say("rating_thanks")
        return self._say("rating_why", self._button("skip", SKIP))

    def _answer(self, decision: Answer) -> Reply:
        words = self.answers.answer(decision.intent, self.language, self.channel, {"language": self.language})
        known = decision.intent in self.policy.intents
        ways_on = [self._button("didnt_help", DIDNT_HELP), self._human()] if known else []
        lead = f"{self._sentence('another')}\n\n" if decision.another else ""
        perks = self._perks() if self.served and decision.intent in self.served.perks_with else ()
        return Reply(
            "\n\n".join((lead + words.text, *perks)),
            self.language,
            (*words.choices, *ways_on),
            intent=decision.intent,
            confidence=decision.confidence,
        )

    def _escalated(self, decision: Escalate, call: Told | None) -> list[Reply]:
        calendar, due = self._promised(decision)
        wanted = when(self.answers, self.language, due, calendar, self.at)
        told = self._say(f"escalated_{decision.reason}", ticket=TICKET, when=wanted)
        closed = back(self.answers, self.language, calendar, self.at)
        told = self._with_queue(told)
        told = replace(told, text=f"{told.text}\n\n{closed}") if closed else told
        approved = [self._approved(decision.answer)] if decision.answer else []
        if self.public:
            return [*approved, Reply(f"{told.text}\n\n{self._in_public()}", told.language)]
        served = replace(told, text="\n\n".join((told.text, *self._perks())))
        if isinstance(call, Offer):
            return [*approved, served, self._call(call)]
        return [*approved, self._with_call(decision, self._with_useful_facts(decision, served))]

    def _perks(self) -> tuple[str, ...]:
        """What the tier brings, as its person is told it; strangers are not."""
        perks = self.served.perks.get(self.language) if self.served and not self.public else None
        return (perks,) if perks else ()

    def _with_call(self, decision: Escalate, told: Reply) -> Reply:
        if not self.may_call(decision.topic):
            return told
        return Reply(f"{told.text}\n\n{self._sentence('call_offer')}", told.language, (self._button("call", CALL),))

    def _call(self, call: Told | None) -> Reply:
        """Slots, the call that was booked, or a sentence. Frontdesk says it: a human may have the ticket already."""
        match call:
            case Offer(choices=()):
                told = self._say("call_full")
            case Offer(choices, zone, number, taken):
                told = self._say("call_taken" if taken else "call_when", *choices, zone=zone, number=number)
            case Booked(number, time, zone):
                off = self._button("call_off", CALL_OFF)
                told = self._say("call_booked", off, number=number, time=time, zone=zone)
            case _:
                told = self._say(call or "choice_expired")
        return replace(told, author=Author.SYSTEM)

    def _promised(self, decision: Escalate) -> tuple[Calendar, datetime | None]:
        """By when a human answers first, and whose hours that counts; None where nobody can say."""
        topic = decision.topic
        policy = self.sla.match(self._priority(decision.topic), self.policy.category_of(topic), self.tier)
        return policy.calendar, policy.calendar.add(self.at, policy.first_response)

    def _due(self, decision: Escalate) -> datetime:
        _, due = self._promised(decision)
        return due or self.at + HORIZON

    def _in_public(self) -> str:
        if self.link:
            return self._sentence("in_public_link", link=self.link, hours=str(self.hours))
        return self._sentence("in_public")

    def _approved(self, intent: str) -> Reply:
        words = self.answers.answer(intent, self.language, self.channel, {"language": self.language})
        return Reply(words.text, self.language, intent=intent)

    def _with_useful_facts(self, decision: Escalate, told: Reply) -> Reply:
        needed = self.policy.categories[self.policy.category_of(decision.topic)].facts
        missing = [self.policy.facts[name].title[self.language] for name in needed if name not in decision.facts]
        if not missing or decision.reason == "unhelpful":
            return told
        hint = self._sentence("useful_facts", facts=format_list(missing, locale=self.language))
        return Reply(f"{told.text}\n\n{hint}", told.language)

    def _status(self, ticket: Ticket | None, number: str | None) -> Reply:
        if ticket:
            return self._stands(ticket, self.at)
        return (
            self._say("status_unknown", self._human(), ticket=number)
            if number
            else self._say("status_none", self._human())
        )

    def _with_queue(self, said: Reply) -> Reply:
        return Reply(f"{said.text} {self.queue}".rstrip(), said.language, said.choices)

    def _stands(self, ticket: Ticket, now: datetime) -> Reply:
        state = self._sentence(f"state_{standing(ticket)}")
        told = [self._sentence("status", ticket=ticket.number, state=state)]
        if ticket.assignee and ticket.state not in OVER:
            told.append(self._sentence("status_agent", agent=ticket.assignee))
        due = expected(ticket)
        if due:
            wait = format_timedelta(max(abs(due - now), timedelta(minutes=1)), locale=self.language)
            told.append(self._sentence("status_expected" if due > now else "status_late", wait=wait))
        told += [self.queue] if self.queue else []
        page = f"\n\n{self._sentence('status_page', link=self.page)}" if self.page else ""
        return Reply(" ".join(told) + page, self.language, [self._human()])

    def _languages(self) -> Reply:
        names = [self.answers.sentence("language_name", language) for language in self.answers.languages]
        return self._say("language_unknown", languages=format_list(names, locale=self.language))

    def _say(self, name: str, *choices: Choice, **values: str) -> Reply:
        return Reply(self._sentence(name, **values), self.language, choices)

    def _sentence(self, name: str, **values: str) -> str:
        return self.answers.sentence(name, self.language, **values)

    def _title(self, intent: str) -> str:
        return self.answers.title(intent, self.language)

    def _human(self) -> Choice:
        return self._button("human", HUMAN)

    def _button(self, name: str, payload: str) -> Choice:
        return Choice(title=self._sentence(f"button_{name}"), payload=payload)
