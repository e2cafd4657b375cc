"""The story of a message: received, understood, decided, answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from bot.answers import Answers
from bot.decision import Decision, Escalate, Situation, SwitchLanguage, TellStatus, decide
from bot.dialogue import Dialogue
from bot.errors import UnderstandingDown
from bot.language import Languages
from bot.metrics import DECISIONS, MESSAGES
from bot.policy import Policy
from bot.replies import Voice
from bot.settings import Settings
from bot.store import inbox, reading, turns
from bot.store.database import Database
from bot.store.inbox import Arrival, KeptFile, Pace
from bot.store.tables import Ticket
from bot.store.turns import Finished, Outcome, Turn
from bot.understood import Understood
from channels.base import Inbound

log = structlog.get_logger()

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
    """Writes messages down and works off their turns. Every method may raise `StorageDown`.

    `types` maps the name of a channel to its type, which is what answers vary by.
    """

    def __init__(
        self, database: Database, content: Content, understand: Understand, settings: Settings, types: dict[str, str]
    ) -> None:
        self._database = database
        self._content = content
        self._understand = understand
        self._settings = settings
        self._types = types
        section = settings.conversation
        self._pace = Pace(timedelta(seconds=section.quiet_seconds), timedelta(seconds=section.burst_seconds))

    async def receive(self, channel: str, inbound: Inbound, files: Sequence[KeptFile]) -> Arrival:
        """Stores a message once, however often it is delivered."""
        arrival = await self._database.run(inbox.receive, channel, inbound, files, self._pace, now())
        MESSAGES.labels(channel, "fresh" if arrival.fresh else "again").inc()
        log.info("received", channel=channel, message=arrival.message_id, conversation=arrival.conversation_id)
        return arrival

    async def load(self, conversation_id: int) -> Turn | None:
        """The turn that waits in a conversation; None where none does."""
        return await self._database.run(turns.load, conversation_id)

    async def handle(self, turn: Turn) -> Finished:
        """Takes the turn to its end. Raises `Overtaken` where somebody else changed the conversation meanwhile."""
        text = "\n".join(filter(None, (message.text for message in turn.messages)))
        language = self._language(turn, text)
        understood = await self._understood(turn, text)
        situation = self._situation(turn, text, understood)
        decision, memory = decide(situation, self._content.policy, self._settings.decisions)
        if isinstance(decision, SwitchLanguage):
            decision = SwitchLanguage(self._content.languages.known(decision.language))
            language, memory = decision.language or language, memory.but(pinned=decision.language or memory.pinned)
        return await self._finish(turn, decision, memory, understood, language, text)

    async def give_to_human(self, turn: Turn) -> Finished:
        """Ends a turn that went wrong: the user is told the truth, and a ticket opens."""
        text = turn.messages[-1].text
        language = turn.language or self._content.languages.default
        decision = Escalate("fault", topic=None)
        return await self._finish(turn, decision, Dialogue(), None, language, text)

    async def _finish(
        self,
        turn: Turn,
        decision: Decision,
        memory: Dialogue,
        understood: Understood | None,
        language: str,
        text: str,
    ) -> Finished:
        voice = Voice(
            self._content.answers, self._content.policy, self._settings.tickets, language, self._types[turn.channel]
        )
        ticket = await self._ticket(turn, decision) if isinstance(decision, TellStatus) else None
        replies = voice.replies(decision, ticket)
        if replies:
            memory = memory.but(offered=tuple(choice.payload for choice in replies[-1].choices))
        best = understood.ranking[0] if understood and understood.ranking else None
        outcome = Outcome(
            language=language,
            dialogue=memory.model_dump(exclude_defaults=True),
            replies=replies,
            escalation=voice.escalation(decision, text) if isinstance(decision, Escalate) else None,
            understood=understood.record() if understood else None,
            intent=best.intent if best else None,
            confidence=best.confidence if best else None,
        )
        finished = await self._database.run(turns.finish, turn, outcome, now())
        self._tell(turn, decision, finished)
        return finished

    def _language(self, turn: Turn, text: str) -> str:
        languages = self._content.languages
        hint = next((found for message in turn.messages if (found := languages.known(message.language))), None)
        spoken = turn.language or hint
        pinned = Dialogue.model_validate(turn.dialogue).pinned
        if pinned or any(message.choice for message in turn.messages):
            return pinned or spoken or languages.default
        return languages.of(text, spoken)

    async def _understood(self, turn: Turn, text: str) -> Understood | None:
        if turn.owner is not turn.owner.BOT or not text:
            return Understood(())
        try:
            return await self._understand(text)
        except UnderstandingDown as error:
            log.error("rasa_down", conversation=turn.conversation_id, reason=str(error))
            return None

    def _situation(self, turn: Turn, text: str, understood: Understood | None) -> Situation:
        pressed = [message.choice for message in turn.messages if message.choice]
        return Situation(
            owner=turn.owner,
            text=text,
            dialogue=Dialogue.model_validate(turn.dialogue),
            understood=understood,
            choice=pressed[-1] if pressed and pressed[-1] in turn.offered else None,
            files=sum(message.files for message in turn.messages),
            answerable=self._content.answers.intents(),
            ticket_prefix=self._settings.tickets.prefix,
        )

    async def _ticket(self, turn: Turn, decision: TellStatus) -> Ticket | None:
        return await self._database.run(reading.status_for, turn.conversation_id, decision.number)

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
