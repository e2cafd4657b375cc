"""A call as a talk with the bot sees it: what is offered, what is pressed, and what is known of the number. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.callbacks import numbers
from bot.dialogue import Dialogue
from channels.words import Choice

#: Payloads of buttons: to ask for a call, to have a booked one not take place, and before the moment of a slot.
CALL, CALL_OFF, CALL_AT = "call_me", "call_off", "call_at:"

#: Why a ticket is with humans whose user wants to be called; also why the bot collects facts.
REASON = "call"


@dataclass(frozen=True, slots=True)
class CallRules:
    """What the rules of a turn need to know where the person may be called; `known` are facts of their ticket."""

    intent: str
    number: str
    region: str | None
    known: Mapping[str, str]

    def checked(self, said: Mapping[str, str], asking: str | None, text: str) -> dict[str, str]:
        """The facts of a message, the number written as from abroad; without it where nobody can have such a one."""
        told = said.get(self.number) or (text if asking == self.number else "")
        number = numbers.read(told, self.region)
        others = {name: value for name, value in said.items() if name != self.number}
        return {**others, self.number: numbers.shown(number)} if number else others


@dataclass(frozen=True, slots=True)
class Offer:
    """Slots to choose from, in the user's language. `zone` names the zone they are told in, `number` who is called.

    `taken`: the one chosen before is not to be had.
    """

    choices: tuple[Choice, ...]
    zone: str
    number: str
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Booked:
    """A booked call, in the user's language."""

    number: str
    time: str
    zone: str


#: What there is to tell of a call; a text is the name of a sentence.
Told = Offer | Booked | str


def reason_of(memory: Dialogue, calls: CallRules | None) -> str:
    """Why it goes to a human once the facts are collected: nobody can be called without a number."""
    callable_ = calls is not None and calls.number in memory.facts
    return "human" if memory.reason == REASON and not callable_ else memory.reason or "unhelpful"


def payload(at: datetime) -> str:
    """Of the button for a slot."""
    return f"{CALL_AT}{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def moment(pressed: str | None) -> datetime | None:
    """The slot of a button; None for any other."""
    if pressed is None or not pressed.startswith(CALL_AT):
        return None
    try:
        return datetime.strptime(pressed.removeprefix(CALL_AT), "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    except ValueError:
        return None
