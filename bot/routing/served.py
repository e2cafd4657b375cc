"""What tiers and business hours mean to routing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.routing.view import Standing, StandingOf
from bot.routing.waiting import OpensAt
from bot.sla.policies import Policies
from bot.tiers import Tiers


def standing_of(tiers: Tiers) -> StandingOf:
    """A higher tier goes first, and to those who answer its people before all others."""

    def standing(name: str, attributes: Mapping[str, Any]) -> Standing:
        tier = tiers.get(name)
        return Standing(tier.rank, tier.dedicated(attributes)) if tier else Standing()

    return standing


def opening_of(policies: Policies) -> OpensAt:
    """People are there while the calendar of a ticket's policy is open."""

    def opens_at(priority: str, category: str, tier: str, now: datetime) -> datetime | None:
        calendar = policies.match(priority, category, tier).calendar
        opens = calendar.opens_at(now)
        return None if opens is None or opens <= now else opens.astimezone(calendar.zone)

    return opens_at
