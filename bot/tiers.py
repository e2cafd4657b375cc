"""Tiers: who is served better, told from what the company says of a person. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AllowInfNan, Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from bot.priority import PRIORITIES, Priority
from bot.section import Section
from channels.vouched import NAME, Value

Number = StrictInt | Annotated[StrictFloat, AllowInfNan(False)]

#: The attribute by which the company names a person's tier itself.
TIER = "tier"

Texts = Mapping[str, str]


class Condition(Section):
    """One test of one attribute. An attribute that is missing, or of another kind than the test, does not meet it."""

    attribute: Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
    at_least: Number | None = None
    at_most: Number | None = None
    one_of: Annotated[tuple[StrictBool | Number | StrictStr, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def one_test(self) -> Condition:
        bounds = self.at_least is not None or self.at_most is not None
        if bounds == (self.one_of is not None):
            raise ValueError("needs at_least, at_most or both, or one_of alone")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is above at_most: nobody meets it")
        return self

    def holds(self, attributes: Mapping[str, Value]) -> bool:
        """Whether `attributes` meet it."""
        value = attributes.get(self.attribute)
        if self.one_of is not None:
            # In Python 1 is True.
            return any(
                value == wanted and isinstance(value, bool) == isinstance(wanted, bool) for wanted in self.one_of
            )
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


class Tier(Section):
    """How some people are served. Without `when` it is only for those whose attribute `tier` names it."""

    title: Texts
    #: The higher one holds where a person meets several.
    rank: Annotated[int, Field(ge=1, le=1000)]
    when: Annotated[tuple[Condition, ...], Field(max_length=20)] = ()
    match: Literal["all", "any"] = "all"
    #: Who answers them first, by name.
    agents: tuple[str, ...] = ()
    #: The attribute that names the person's own agent, who comes before `agents`.
    agent_attribute: str = ""
    #: Channels on which it counts; empty for all.
    channels: tuple[str, ...] = ()
    #: What they are told they have, by language: in private, when a human is called.
    perks: Texts = Field(default_factory=dict)
    #: Intents whose answers tell it as well.
    perks_with: tuple[str, ...] = ()
    #: By how many steps their tickets are more urgent.
    raise_priority: Annotated[int, Field(ge=0, le=3)] = 0

    def met(self, attributes: Mapping[str, Value]) -> bool:
        """Whether a person with `attributes` is of this tier."""
        quantifier = all if self.match == "all" else any
        return bool(self.when) and quantifier(condition.holds(attributes) for condition in self.when)

    def dedicated(self, attributes: Mapping[str, Value]) -> tuple[str, ...]:
        """Names of those who answer such a person, the first before the others."""
        own = attributes.get(self.agent_attribute)
        return tuple(dict.fromkeys([own, *self.agents] if isinstance(own, str) and own else self.agents))


class Tiers:
    """The tiers by name."""

    def __init__(self, tiers: Mapping[str, Tier]) -> None:
        self._tiers = tiers

    def of(self, attributes: Mapping[str, Value]) -> str:
        """The tier of a person; "" for none.

        Of those whose conditions hold and the one that the attribute `tier` names, the highest. A name that stands
        for no tier here is kept where no other holds: agents see it, and it changes nothing.
        """
        named = attributes.get(TIER)
        found = [name for name, tier in self._tiers.items() if name == named or tier.met(attributes)]
        if found:
            return max(found, key=lambda name: self._tiers[name].rank)
        return named if isinstance(named, str) else ""

    def on(self, name: str, channel: str) -> str:
        """The tier `name`, where it counts on `channel`; "" where not."""
        tier = self._tiers.get(name)
        return "" if tier and tier.channels and channel not in tier.channels else name

    def get(self, name: str) -> Tier | None:
        """What the tier brings; None for one that stands for nothing here."""
        return self._tiers.get(name)


def raised(priority: Priority, steps: int) -> Priority:
    """A priority `steps` more urgent, at most urgent."""
    return PRIORITIES[max(PRIORITIES.index(priority) - steps, 0)]
