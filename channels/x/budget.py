"""What may be sent in a day."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from channels.errors import NotYet, TryAgain
from channels.x.settings import XSettings


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one thing sent."""

    posts: int
    cents: Decimal


@dataclass
class Budget:
    """Counts what was sent today, in UTC as X does. `loaded` once what an earlier run sent today is known."""

    settings: XSettings
    loaded: bool = False
    day: str = ""
    posts: int = 0
    cents: Decimal = field(default_factory=Decimal)

    @property
    def limited(self) -> bool:
        """Whether there is anything to count for."""
        return self.settings.daily_posts is not None or self.settings.daily_cents is not None

    def load(self, state: str | None) -> None:
        """Goes on from what `state()` gave an earlier run. What cannot be read counts as nothing."""
        self.loaded = True
        try:
            found = json.loads(state or "{}")
            self.day, self.posts, self.cents = str(found["day"]), int(found["posts"]), Decimal(found["cents"])
        except (ValueError, TypeError, KeyError, InvalidOperation):
            self.day = ""

    def state(self) -> str:
        """To be kept over a restart."""
        return json.dumps({"day": self.day, "posts": self.posts, "cents": str(self.cents)})

    def cost(self, *, public: bool, link: bool) -> Cost:
        """What X charges."""
        if not public:
            return Cost(0, self.settings.dm_cents)
        return Cost(1, self.settings.link_post_cents if link else self.settings.post_cents)

    def spend(self, cost: Cost, now: datetime) -> None:
        """Counts it. Raises `NotYet` until the next day where that would be too much."""
        if not self.limited:
            return
        if not self.loaded:
            raise TryAgain("what was spent today is not known yet", 1)
        if self.day != (today := now.astimezone(UTC).date().isoformat()):
            self.day, self.posts, self.cents = today, 0, Decimal(0)
        posts, cents = self.posts + cost.posts, self.cents + cost.cents
        if self.settings.daily_posts is not None and cost.posts and posts > self.settings.daily_posts:
            raise NotYet(f"the {self.settings.daily_posts} posts of today are sent (daily_posts)", _rest(now))
        if self.settings.daily_cents is not None and cents > self.settings.daily_cents:
            raise NotYet(f"the {self.settings.daily_cents} cents of today are spent (daily_cents)", _rest(now))
        self.posts, self.cents = posts, cents

    def give_back(self, cost: Cost) -> None:
        """It was not sent after all."""
        if self.limited:
            self.posts, self.cents = max(self.posts - cost.posts, 0), max(self.cents - cost.cents, Decimal(0))


def _rest(now: datetime) -> float:
    """Seconds until the next day."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - now).total_seconds()
