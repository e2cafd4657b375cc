"""A decision in words: the replies to queue, and the ticket to open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from babel.dates import format_timedelta
from babel.lists import format_list

from bot.actions import (
    Answer,
    Ask,
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
from bot.decision import DIDNT_HELP, HUMAN, INTENT, SKIP
from bot.policy import RISK, Policy
from bot.settings import Tickets
from bot.store.tables import Ticket
from bot.store.ticketing import OVER, Escalation
from bot.store.turns import Reply
from bot.ticket_page.expecting import expected, standing
from channels.words import Choice

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
    #: The page of the ticket a `TellStatus` asked for; "" where no link is given.
    page: str = ""
    #: A score up to this reopens the ticket.
    reopen_up_to: int = 0

    def replies(self, decision: Decision, ticket: Ticket | None = None) -> list[Reply]:  # noqa: C901, PLR0911 - one case a decision
        """What to say; `ticket` is the one a `TellStatus` asked for, if it is the asker's."""
        match decision:
            case Answer():
                return [self._answer(decision)]
            case Clarify(intents):
                choices = [Choice(title=self._title(intent), payload=INTENT + intent) for intent in intents]
                return [self._say("clarify" if len(intents) > 1 else "clarify_one", *choices, self._human())]
            case Ask(fact, first):
                question = self.policy.facts[fact].ask[self.language]
                skip = self._button("skip", SKIP)
                return [self._say("ask_first" if first else "ask_next", skip, self._human(), question=question)]
            case Escalate():
                return self._escalated(decision)
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

    def escalation(self, decision: Escalate, text: str) -> Escalation:
        """The ticket of a decision; `text` is what the user wrote."""
        priority = self.policy.priority_of(decision.topic)
        risk = self.policy.risks.get(decision.topic or "")
        return Escalation(
            prefix=self.tickets.prefix,
            title=self._title(decision.topic) if decision.topic else " ".join(text.split())[:LONGEST_TITLE],
            category=self.policy.category_of(decision.topic),
            priority=priority,
            reason=decision.reason,
            language=self.language,
            promise=timedelta(minutes=self.tickets.first_response_minutes[priority]),
            facts={**self._checked(decision), **({RISK: risk} if risk else {})},
            tried=decision.tried,
        )

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
        return Reply(
            lead + words.text,
            self.language,
            (*words.choices, *ways_on),
            intent=decision.intent,
            confidence=decision.confidence,
        )

    def _escalated(self, decision: Escalate) -> list[Reply]:
        minutes = self.tickets.first_response_minutes[self.policy.priority_of(decision.topic)]
        wait = format_timedelta(timedelta(minutes=minutes), locale=self.language)
        told = self._say(f"escalated_{decision.reason}", ticket=TICKET, wait=wait)
        approved = [self._approved(decision.answer)] if decision.answer else []
        if self.public:
            return [*approved, Reply(f"{told.text}\n\n{self._in_public()}", told.language)]
        return [*approved, self._with_useful_facts(decision, told)]

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
            return self._stands(ticket, datetime.now(UTC))
        return (
            self._say("status_unknown", self._human(), ticket=number)
            if number
            else self._say("status_none", self._human())
        )

    def _stands(self, ticket: Ticket, now: datetime) -> Reply:
        state = self._sentence(f"state_{standing(ticket)}")
        told = [self._sentence("status", ticket=ticket.number, state=state)]
        if ticket.assignee and ticket.state not in OVER:
            told.append(self._sentence("status_agent", agent=ticket.assignee))
        due = expected(ticket)
        if due:
            wait = format_timedelta(max(abs(due - now), timedelta(minutes=1)), locale=self.language)
            told.append(self._sentence("status_expected" if due > now else "status_late", wait=wait))
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
