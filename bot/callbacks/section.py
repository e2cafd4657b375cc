"""The section `call_backs` of config.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import phonenumbers
from pydantic import Field, field_validator

from bot.domain import Risk
from bot.priority import Priority
from bot.section import Section, Zone


@dataclass(frozen=True, slots=True)
class Case:
    """What decides whether somebody is called."""

    tier: str
    category: str
    risk: str
    priority: str


class CallRule(Section):
    """One kind of case in which people are called: all that is given must hold, what is empty does not matter."""

    tiers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    risks: tuple[Risk, ...] = ()
    priorities: tuple[Priority, ...] = ()

    def allows(self, case: Case) -> bool:
        """Whether the case is of this kind."""
        wanted = (
            (self.tiers, case.tier),
            (self.categories, case.category),
            (self.risks, case.risk),
            (self.priorities, case.priority),
        )
        return all(not words or word in words for words, word in wanted)


class CallBacksSection(Section):
    """Who may be called, in which slots, and how often it is tried."""

    #: Nobody is called unless one of these allows it.
    allowed: tuple[CallRule, ...] = ()
    #: The intent of whoever wants to be called; its category in escalation.yml has the facts asked for first.
    intent: str = "call_back"
    #: Those of the facts that make the call: the number, the account, what it is about.
    number_fact: str = "phone"
    account_fact: str = "account_id"
    problem_fact: str = "problem"
    #: ISO 3166: where numbers without a country code are; without it every number needs one.
    region: str | None = None
    #: The calendar whose open hours the slots lie in, by name.
    calendar: str = "always"
    #: The zone of the slots where that is `always`; users whose number tells their own read that.
    zone: Zone = "UTC"
    slot_minutes: Annotated[int, Field(ge=5, le=240)] = 30
    #: The first slot offered begins so much later.
    lead_minutes: Annotated[int, Field(ge=0, le=10_080)] = 30
    #: Calls in one slot.
    per_slot: Annotated[int, Field(ge=1, le=100)] = 1
    #: Slots to choose from.
    offered: Annotated[int, Field(ge=1, le=8)] = 4
    days_ahead: Annotated[int, Field(ge=1, le=60)] = 7
    #: Tries before it goes on in writing.
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    retry_minutes: Annotated[int, Field(ge=1, le=10_080)] = 30
    #: A call that was begun so long ago and never ended can be begun by another.
    longest_call_minutes: Annotated[int, Field(ge=5, le=1440)] = 120

    @field_validator("region")
    @classmethod
    def known_region(cls, region: str | None) -> str | None:
        if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"{region!r} is no country with telephones: write DE, CN, ...")
        return region

    @property
    def slot(self) -> timedelta:
        """How long a slot is."""
        return timedelta(minutes=self.slot_minutes)

    def allows(self, case: Case) -> bool:
        """Whether somebody with this case may be called."""
        return any(rule.allows(case) for rule in self.allowed)
