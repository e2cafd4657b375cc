"""What the desk is made of, put together once for all of its pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.attachments import Attachments
from bot.conversation import Content
from bot.desk.live import LiveDesk
from bot.files import Files
from bot.settings import Settings
from bot.store.database import Database
from bot.tickets import Tickets


@dataclass(frozen=True, slots=True)
class Parts:
    """Handed to every page of the desk."""

    settings: Settings
    content: Content
    database: Database
    files: Files
    tickets: Tickets
    attachments: Attachments
    live: LiveDesk

    def tiers(self, language: str) -> Mapping[str, str]:
        """What each tier is called."""
        return {name: tier.title.get(language, name) for name, tier in self.settings.tiers.items()}

    @property
    def intents(self) -> Sequence[str]:
        """Every intent a message may be said to have meant, by name."""
        return sorted(self.content.policy.intents)
