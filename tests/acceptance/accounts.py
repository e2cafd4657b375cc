"""What people on one channel wrote and saw, held against what the database says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.acceptance.crowd import Guest
from tests.acceptance.house import House
from tests.acceptance.ledger import Turns
from tests.channels.peer import Fault, Seen

#: Letters by which two texts are told apart, whatever the markup.
TOLD_BY = 20

_TALK = """SELECT handle, author, message.text, state, platform_id, message.id
FROM message JOIN conversation ON conversation.id = message.conversation_id
JOIN address ON address.id = conversation.address_id
WHERE message.channel = ? AND state != 'note' ORDER BY message.id"""
_TICKETS = """SELECT count(*) FROM ticketconversation
JOIN conversation ON conversation.id = ticketconversation.conversation_id WHERE channel = ?"""


@dataclass(frozen=True, slots=True)
class Told:
    """A message of ours to one person."""

    text: str
    state: str
    platform_id: str | None
    id: int


@dataclass(slots=True)
class Wrong:
    """What should not be."""

    lost: list[Any] = field(default_factory=list)
    twice: list[Any] = field(default_factory=list)
    late: list[Any] = field(default_factory=list)


class Account:
    """One channel. What a platform cannot tell, and so is `unknown`, may have been seen or not."""

    def __init__(self, house: House, channel: str, guests: Sequence[Guest], storms: Counter[str]) -> None:
        self._guests = guests
        self._storms = storms
        self._turns = Turns(house, channel, ("sent", "unknown"))
        self._talk = house.ask(_TALK, channel)
        self._tickets = house.ask(_TICKETS, channel)[0][0]
        self.wrong = Wrong(self._turns.lost(), self._turns.twice(), self._turns.out_of_order())
        for guest in guests:
            self._heard(guest)
            told = [Told(*row[2:]) for row in self._talk if row[0] == guest.handle and row[1] != "user"]
            self._seen(guest, told)

    def row(self) -> dict[str, int]:
        """What there is to tell."""
        states = Counter(row[3] for row in self._talk)
        faults = Counter[str]()
        for guest in self._guests:
            waiting = Counter(guest.side.faults.get(guest.name, []))
            faults.update({fault.value: count for fault, count in (guest.met - waiting).items()})
        return {
            "people": len(self._guests),
            "sent": sum(len(guest.said) for guest in self._guests),
            "stored": len(self._turns.inbound),
            "handled": states["handled"],
            "answered": len({row[2] for row in self._turns.bots}),
            "put on tickets": len(self._turns.ticketed),
            "tickets": self._tickets,
            "redelivered": sum(guest.redelivered for guest in self._guests),
            **{f"answers met {fault}": faults[fault] for fault in Fault if fault is not Fault.GONE},
            **{name: self._storms[name] for name in ("lines cut", "outages")},
            "replies sent": states["sent"],
            "replies unknown": states["unknown"],
            "replies withheld": states["withheld"],
            "lost": len(self.wrong.lost),
            "twice": len(self.wrong.twice),
            "out of order": len(self.wrong.late),
        }

    def _heard(self, guest: Guest) -> None:
        """Everything a person wrote is stored once, as it was written and in that order, and handled."""
        rows = [row for row in self._talk if row[0] == guest.handle and row[1] == "user"]
        said, stored = [text.strip() for text in guest.said], [row[2].strip() for row in rows]
        self.wrong.lost += (Counter(said) - Counter(stored)).elements()
        self.wrong.lost += [row for row in rows if row[3] != "handled"]
        self.wrong.twice += (Counter(stored) - Counter(said)).elements()
        if Counter(said) == Counter(stored) and said != stored:
            self.wrong.late.append((guest.name, said, stored))

    def _seen(self, guest: Guest, told: Sequence[Told]) -> None:
        """What was sent is seen once and in order; what nobody knows of, at most once."""
        found: list[int] = []
        for seen in guest.side.seen(guest.name):
            position = _position(seen, told, found)
            if position is None:
                self.wrong.twice.append((guest.name, seen))
                continue
            if found and position < max(found):
                self.wrong.late.append((guest.name, seen))
            found.append(position)
        unseen = [one for number, one in enumerate(told) if number not in found]
        self.wrong.lost += [one for one in unseen if one.state not in {"unknown", "withheld"}]


def _position(seen: Seen, told: Sequence[Told], found: Sequence[int]) -> int | None:
    """Which of `told` it is that a person sees; None where it is none, or one that was seen already."""
    fresh = [(number, one) for number, one in enumerate(told) if number not in found]
    by_name = (number for number, one in fresh if one.platform_id == seen.id)
    # Choices may stand behind the words as a list.
    by_words = (number for number, one in fresh if one.state == "unknown" and _begins(seen.text, one.text))
    return next(by_name, None) if any(one.platform_id == seen.id for one in told) else next(by_words, None)


def _begins(seen: str, told: str) -> bool:
    return _letters(seen).startswith(_letters(told)[:TOLD_BY])


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)
