"""The story of a message: received, understood, decided, answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from pydantic import ValidationError

from bot.actions import Ask, Comment, Decision, Escalate, Rate, Say, SwitchLanguage, TellStatus
from bot.answers import Answers
from bot.aside import Aside
from bot.callbacks.talk import REASON, CallRules
from bot.decision import decide, decide_at_once
from bot.dialogue import Dialogue
from bot.errors import UnderstandingDown
from bot.hearing import Hearing
from bot.language import Languages
from bot.links import digest
from bot.metrics import DECISIONS, MESSAGES
from bot.policy import Policy
from bot.redaction import marked
from bot.replies import Voice
from bot.routing.places import told
from bot.settings import Settings
from bot.situation import Situation
from bot.sla.policies import Policies
from bot.store import inbox, links, pages, reading, turns
from bot.store.database import Database
from bot.store.inbox import Arrival, KeptFile, Pace
from bot.store.links import Welcome
from bot.store.ratings import Rated
from bot.store.tables import Ticket
from bot.store.turn import Finished, Outcome, Reply, Turn
from bot.ticket_page.links import Opened
from bot.tiers import Tiers
from bot.understood import Understood
from channels.base import Channel
from channels.words import Author, Inbound, Owner, Place

log = structlog.get_logger()

NOTHING = Aside()

#: What a message is understood with. Raises `UnderstandingDown`.
Understand = Callable[[str], Awaitable[Understood]]


def now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Content:
    """What the company has approved: words, policy, languages."""

    answers: Answers
    policy: Policy
    languages: Languages


class Conversations:
    """Writes down the messages of `channels` and works off their turns. Every method may raise `StorageDown`."""

    def __init__(
        self,
        database: Database,
        content: Content,
        understand: Understand,
        settings: Settings,
        channels: Mapping[str, Channel],
        aside: Aside = NOTHING,
    ) -> None:
        self._database = database
        self._content = content
        self._understand = understand
        self._settings = settings
        self._channels = channels
        self._links = aside.links
        self._sla = Policies(settings.calendars, settings.sla.policies)
        self._places = aside.places
        self._tiers = Tiers(settings.tiers)
        self._booking = aside.booking
        self._pages = aside.pages
        self._hearing = Hearing(content.answers, content.languages, settings.tickets.prefix)
        section = settings.conversation
        self._pace = Pace(timedelta(seconds=section.quiet_seconds), timedelta(seconds=section.burst_seconds))

    async def receive(self, channel: str, inbound: Inbound, files: Sequence[KeptFile]) -> Arrival:
        """Stores a message once, however often it is delivered."""
        arrival = await self._database.run(inbox.receive, channel, inbound, files, self._pace, now(), self._tiers)
        MESSAGES.labels(channel, "fresh" if arrival.fresh else "again").inc()
        log.info("received", channel=channel, message=arrival.message_id, conversation=arrival.conversation_id)
        return arrival

    async def move(self, channel: str, token: str, place: Place) -> None:
        """Carries the conversation of a link on at `place`. Raises `Refused` where the link opens nothing."""
        greet = partial(self._welcome, channel)
        await self._database.run(links.claim, digest(token), channel, place, greet, now())
        log.info("moved", channel=channel)

    async def load(self, conversation_id: int) -> Turn | None:
        """The turn that waits in a conversation; None where none does."""
        return await self._database.run(turns.load, conversation_id)

    async def handle(self, turn: Turn) -> Finished:
        """Takes the turn to its end. Raises `Overtaken` where somebody else changed the conversation meanwhile."""
        situation = self._situation(turn)
        language = self._hearing.language(turn, situation)
        policy, limits = self._content.policy, self._settings.decisions
        decided = decide_at_once(situation, policy, limits)
        if decided is None:
            situation = replace(situation, understood=await self._understood(turn, situation.text))
            decided = decide(situation, policy, limits)
        decision, memory = decided
        if isinstance(decision, SwitchLanguage):
            decision = SwitchLanguage(self._content.languages.known(decision.language))
            language, memory = decision.language or language, memory.but(pinned=decision.language or memory.pinned)
        return await self._finish(turn, decision, memory, situation, language)

    async def give_to_human(self, turn: Turn) -> Finished:
        """Ends a turn that went wrong: the user is told the truth, and a ticket opens with what is known."""
        try:
            situation = self._situation(turn)
        except ValidationError:
            # What is remembered may be the very thing that went wrong.
            situation = self._situation(replace(turn, dialogue={}))
        memory = situation.dialogue
        decision = Escalate("fault", memory.topic, memory.facts, memory.tried, doubts=memory.doubts)
        language = self._content.languages.known(turn.language) or self._content.languages.default
        return await self._finish(turn, decision, Dialogue(pinned=memory.pinned), situation, language)

    async def _finish(
        self, turn: Turn, decision: Decision, memory: Dialogue, situation: Situation, language: str
    ) -> Finished:
        voice, link = replace(self._voice_in(turn, language), heard=situation.text), None
        if isinstance(decision, Escalate) and self._links and self._opens(turn):
            url, link = self._links.offer(_remembered(decision, memory))
            voice = replace(voice, link=url, hours=self._links.hours)
        ticket = await self._ticket(turn, decision) if isinstance(decision, TellStatus) else None
        voice = replace(voice, queue=await self._queue(turn, decision, ticket, voice, situation))
        call = await self._booking.told(turn, decision, language, now()) if self._booking else None
        if ticket and self._pages and self._pages.given(voice.channel, public=turn.place.public):
            voice = replace(voice, page=await self._page(turn, ticket))
        replies = [*_warnings(turn, voice), *_said(turn, decision, voice.replies(decision, ticket, call))]
        understood = situation.understood
        best = understood.ranking[0] if understood and understood.ranking else None
        outcome = Outcome(
            language=language,
            dialogue=memory.but(offered=self._numbered(turn, replies)).model_dump(exclude_defaults=True),
            replies=replies,
            link=link,
            escalation=voice.escalation(decision) if isinstance(decision, Escalate) else None,
            understood=understood.record() if understood else None,
            intent=best.intent if best else None,
            confidence=best.confidence if best else None,
            helped=decision == Say("glad"),
            resumes=turn.owner is Owner.QUEUE and isinstance(decision, Ask | Escalate),
            rated=self._rated(decision),
        )
        finished = await self._database.run(turns.finish, turn, outcome, now())
        self._tell(turn, decision, finished)
        return finished

    def _voice(self, channel: str, language: str, *, public: bool = False, tier: str = "") -> Voice:
        counts = self._tiers.on(tier, channel)
        return Voice(
            self._content.answers,
            self._content.policy,
            self._settings.tickets,
            language,
            self._channels[channel].settings.type,
            public,
            sla=self._sla,
            tier=counts,
            at=now(),
            served=self._tiers.get(counts),
            call_backs=self._booking.section if self._booking else None,
            reopen_up_to=self._settings.satisfaction.reopen_up_to,
        )

    def _voice_in(self, turn: Turn, language: str) -> Voice:
        return self._voice(turn.channel, language, public=turn.place.public, tier=turn.tier)

    def _rated(self, decision: Decision) -> Rated | None:
        if isinstance(decision, Rate):
            reopens = decision.score <= self._settings.satisfaction.reopen_up_to
            return Rated(decision.ticket_id, decision.score, decision.comment, reopens)
        return Rated(decision.ticket_id, comment=decision.text) if isinstance(decision, Comment) else None

    def _opens(self, turn: Turn) -> bool:
        """Whether a link to the web chat belongs under an escalation."""
        reaches = self._channels[turn.channel].limits_at(turn.place).links
        return turn.place.public and reaches and self._links is not None and self._links.possible

    def _welcome(self, channel: str, language: str | None, remembered: Mapping[str, Any], owner: Owner) -> Welcome:
        """What is told in public is not asked again; a ticket in the queue loses no time by the bot's asking."""
        memory = Dialogue.model_validate(remembered)
        policy = self._content.policy
        needed = policy.categories[policy.category_of(memory.topic)].facts if memory.topic else ()
        missing = [name for name in needed if name not in memory.facts]
        fact = missing[0] if missing and owner is Owner.QUEUE else None
        voice = self._voice(channel, self._content.languages.known(language) or self._content.languages.default)
        said = voice.welcome(fact)
        asking = memory.but(asking=fact, asked=(fact,)) if fact else Dialogue(pinned=memory.pinned)
        return Welcome(said.text, asking.model_dump(exclude_defaults=True), tuple(said.choices), asks=bool(fact))

    def _numbered(self, turn: Turn, replies: Sequence[Reply]) -> tuple[str, ...]:
        """Payloads of the last reply's buttons, where its channel shows them as numbers to type."""
        limits = self._channels[turn.channel].limits
        choices = replies[-1].choices if replies else ()
        return tuple(choice.payload for choice in choices) if limits.numbered or len(choices) > limits.choices else ()

    async def _understood(self, turn: Turn, text: str) -> Understood | None:
        try:
            return await self._understand(text)
        except UnderstandingDown as error:
            log.error("rasa_down", conversation=turn.conversation_id, reason=str(error))
            return None

    def _situation(self, turn: Turn) -> Situation:
        dialogue = Dialogue.model_validate(turn.dialogue)
        return self._hearing.situation(turn, dialogue, self._call_rules(turn, dialogue))

    def _call_rules(self, turn: Turn, dialogue: Dialogue) -> CallRules | None:
        """Where the talk is about a call already, or the person may have one."""
        if self._booking is None or turn.place.public:
            return None
        allowed = dialogue.reason == REASON or self._voice_in(turn, "").may_call(dialogue.topic, turn.matter)
        return self._booking.rules(turn.matter) if allowed else None

    async def _ticket(self, turn: Turn, decision: TellStatus) -> Ticket | None:
        return await self._database.run(reading.status_for, turn.conversation_id, decision.number)

    async def _queue(
        self, turn: Turn, decision: Decision, ticket: Ticket | None, voice: Voice, situation: Situation
    ) -> str:
        """What the person hears of the queue. That nobody is there at this hour stands in the promise already."""
        expected = None
        if self._places and isinstance(decision, Escalate):
            escalation = voice.escalation(decision)
            expected = await self._places.of_newcomer(turn.conversation_id, escalation, now())
            expected = None if expected.back_at else expected
        elif self._places and ticket:
            expected = await self._places.of_ticket(ticket.number, now())
        return told(self._content.answers, voice.language, expected) if expected else ""

    async def _page(self, turn: Turn, ticket: Ticket) -> str:
        """The link to the page of a ticket of the asker's."""
        found = await self._database.run(pages.place_for, ticket.id, turn.conversation_id)
        return self._pages.half(Opened(ticket.id, *found), now()) if self._pages and found else ""

    def _tell(self, turn: Turn, decision: Decision, finished: Finished) -> None:
        kind = type(decision).__name__.lower()
        DECISIONS.labels(turn.channel, kind).inc()
        log.info(
            "turn",
            conversation=turn.conversation_id,
            messages=[message.id for message in turn.messages],
            decision=kind,
            intent=getattr(decision, "intent", None),
            ticket=finished.ticket,
        )


def _said(turn: Turn, decision: Decision, replies: Sequence[Reply]) -> Sequence[Reply]:
    """In the queue the bot says how that stands, with nothing to press: whoever waits there has called a human."""
    if turn.owner is Owner.QUEUE and isinstance(decision, TellStatus):
        return [replace(reply, choices=(), under=Owner.QUEUE) for reply in replies]
    return replies


def _warnings(turn: Turn, voice: Voice) -> list[Reply]:
    """To whoever sent secrets: once from the bot, and where a human answers from Frontdesk itself, for each message."""
    secret = [message.id for message in turn.messages if marked(message.text)]
    if turn.owner is Owner.BOT:
        return [voice.warning() for _ in secret[:1]]
    return [replace(voice.warning(), author=Author.SYSTEM, about=id_) for id_ in secret]


def _remembered(decision: Escalate, memory: Dialogue) -> Dialogue:
    """What the bot goes on with where it may ask: it collects for a ticket that is there already."""
    return Dialogue(
        topic=decision.topic,
        tried=decision.tried,
        facts=dict(decision.facts),
        doubts=dict(decision.doubts),
        reason=decision.reason,
        pinned=memory.pinned,
    )
