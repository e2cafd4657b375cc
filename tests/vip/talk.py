"""One person's talk with the bot, turn by turn, on a database, without Rasa and without a channel's sending."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from bot.aside import Aside
from bot.callbacks.booking import Booking
from bot.callbacks.section import CallBacksSection
from bot.conversation import Content, Conversations
from bot.settings import ConversationSection, Settings
from bot.sla.calendar import Calendar
from bot.store.database import Database
from bot.store.tables import Message
from bot.understood import Entity, Guess, Understood
from channels.memory import Memory
from channels.vouched import Vouched
from channels.words import Author, Inbound, Limits, Place
from tests.samples import ANN, NOW, rows

#: What is understood: a text and its intent. Everything else is nothing in particular.
LEARNT = {
    "hi": "greet",
    "somebody is in my account": "account_hacked",
    "I would like to hear a voice": "call_back",
    "my withdrawal hangs": "withdrawal_pending",
}

TIERS = {
    "gold": {
        "title": {"en": "Gold", "zh": "黄金"},
        "rank": 2,
        "when": [{"attribute": "volume", "at_least": 1000}],
        "channels": ["memory"],
        "perks": {"en": "Gold goes first.", "zh": "黄金会员优先。"},
        "perks_with": ["greet"],
        "raise_priority": 1,
    }
}
CALL_BACKS = {
    "allowed": [{"tiers": ["gold"]}, {"risks": ["security"], "priorities": ["urgent"]}],
    "zone": "Europe/Berlin",
    "lead_minutes": 0,
}


async def understand(text: str) -> Understood:
    """What stands in `LEARNT`."""
    ranking = (Guess(LEARNT[text], 0.95),) if text in LEARNT else (Guess("greet", 0.01),)
    uid = text.removeprefix("my uid is ")
    entities = (Entity("account_id", uid, 0, len(uid)),) if uid != text else ()
    return Understood(ranking, entities)


def settings_with(tmp_path: Path, **sections: Any) -> Settings:
    """Tiers and call-backs of these tests, changed by `sections`."""
    quick = ConversationSection(quiet_seconds=0, burst_seconds=0)
    return Settings.model_validate(
        {"tiers": TIERS, "call_backs": CALL_BACKS, "conversation": quick, "folders": {"var": tmp_path}, **sections}
    )


@dataclass
class Talk:
    """What one person says on the memory channel."""

    database: Database
    content: Content
    settings: Settings
    calendar: Calendar
    volume: int | None = 5000
    place: Place = ANN
    limits: Limits = Limits(choices=10)  # noqa: RUF009 - it never changes
    events: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.booking = Booking(self.database, self.section, self.calendar)
        self.conversations = Conversations(
            self.database,
            self.content,
            understand,
            self.settings,
            {"memory": Memory(limits=self.limits)},
            Aside(booking=self.booking),
        )

    @property
    def section(self) -> CallBacksSection:
        return self.settings.call_backs

    async def say(self, text: str, choice: str | None = None) -> list[Message]:
        """Says something; what is queued for them then."""
        vouched = Vouched({"volume": self.volume}, NOW) if self.volume else None
        said = Inbound(
            event_id=f"{self.place.handle}-{next(self.events)}",
            place=self.place,
            text=text,
            choice=choice,
            verified_by="site",
            vouched=vouched,
        )
        before = len(rows(self.database, Message))
        arrival = await self.conversations.receive("memory", said, ())
        turn = await self.conversations.load(arrival.conversation_id)
        assert turn
        await self.conversations.handle(turn)
        return [message for message in rows(self.database, Message)[before:] if message.author is not Author.USER]

    async def press(self, message: Message, place: int = 0) -> list[Message]:
        """Presses a button under a message."""
        button = message.choices[place]
        return await self.say(button["title"], button["payload"])

    async def collected(self, number: str = "+49 30 901820") -> list[Message]:
        """Asks for a call and tells everything; the slots are under the last message."""
        await self.say("call me")
        await self.say(number)
        await self.say("my uid is 4711")
        return await self.say("coins are gone")


def payloads(message: Message) -> list[str]:
    return [choice["payload"] for choice in message.choices]
