"""What the database and the customers' pages say happened, held against each other."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.acceptance.customer import Customer
from tests.acceptance.house import House


@dataclass(slots=True)
class Turn:
    """Messages that were handled together, and the bot's replies to them."""

    messages: list[int]
    #: Their id, state and text.
    replies: list[tuple[int, str, str]] = field(default_factory=list)


class Turns:
    """What became of the messages of some channels, by the database: in turns, with replies or on tickets.

    A turn is what one transaction handled: the messages of a conversation with the same `finished_at`, which is the
    `created_at` of its replies. `arrived` are the states of a reply that count as an answer.
    """

    def __init__(self, house: House, channels: str = "%", arrived: Collection[str] = ("sent",)) -> None:
        self._arrived = arrived
        self.inbound = house.ask(
            "SELECT id, conversation_id, event_id, text, state, finished_at FROM message"
            " WHERE author = 'user' AND channel LIKE ? ORDER BY id",
            channels,
        )
        self.bots = house.ask(
            "SELECT id, conversation_id, answers_id, state, created_at, text FROM message"
            " WHERE author = 'bot' AND channel LIKE ? ORDER BY id",
            channels,
        )
        ours = {row[0] for row in self.inbound + self.bots}
        self.ticketed = Counter(self._noted(house, "message", ours))
        self._withheld = set(self._noted(house, "withheld", ours))
        self.turns = self._joined()

    def lost(self) -> list[Any]:
        """Messages that got neither a reply nor a place on a ticket.

        A reply that the queue overtook is withheld: what it would have answered waits for the human, who sees both.
        """
        return [
            number
            for turn in self.turns
            for number in turn.messages
            if not self.ticketed[number]
            and not any(state in self._arrived or reply in self._withheld for reply, state, _ in turn.replies)
        ]

    def twice(self) -> list[Any]:
        """Events stored twice, messages filed twice, replies to a message by anything but its own turn."""
        events = Counter(row[2] for row in self.inbound)
        theirs = {number for turn in self.turns for number, _, _ in turn.replies}
        both = [turn for turn in self.turns if turn.replies and self.ticketed.keys() & set(turn.messages)]
        return [
            *(event for event, count in events.items() if count > 1),
            *(number for number, count in self.ticketed.items() if count > 1),
            *(row[0] for row in self.bots if row[0] not in theirs),
            *both,
            *(turn for turn in self.turns if len({text for _, _, text in turn.replies}) < len(turn.replies)),
        ]

    def out_of_order(self) -> list[Any]:
        """Replies that name another message than the last of their turn, or stand before it."""
        answers = {row[0]: row[2] for row in self.bots}
        wrong = [
            number
            for turn in self.turns
            for number, _, _ in turn.replies
            if answers[number] != max(turn.messages) or number < max(turn.messages)
        ]
        by_conversation = defaultdict(list)
        for row in self.bots:
            by_conversation[row[1]].append(row[2])
        return wrong + [answered for answered in by_conversation.values() if answered != sorted(answered)]

    def _joined(self) -> list[Turn]:
        turns: dict[tuple[int, str], Turn] = {}
        for number, conversation, _, _, _, finished in self.inbound:
            turns.setdefault((conversation, finished), Turn([])).messages.append(number)
        for number, conversation, _, state, created, text in self.bots:
            if turn := turns.get((conversation, created)):
                turn.replies.append((number, state, text))
        return list(turns.values())

    def _noted(self, house: House, kind: str, ours: Collection[int]) -> list[int]:
        details = house.ask("SELECT detail FROM ticketevent WHERE kind = ?", kind)
        return [number for (detail,) in details if (number := json.loads(detail)["message"]) in ours]


class Ledger:
    """What the customers of the web chat saw, against the database; `transcripts` are by the customer's number."""

    def __init__(self, house: House, customers: Sequence[Customer], transcripts: Mapping[int, Any]) -> None:
        self._customers = customers
        self._transcripts = transcripts
        self._reasons = Counter(reason for (reason,) in house.ask("SELECT reason FROM ticket"))
        self._book = Turns(house)

    def counts(self) -> dict[str, int]:
        """What there is to tell."""
        book = self._book
        states = Counter(row[3] for row in book.bots)
        answered = {reply[1] for reply in book.bots if reply[3] == "sent"}
        return {
            "messages sent": sum(len(customer.sent) for customer in self._customers),
            "messages stored": len(book.inbound),
            "messages handled": sum(row[4] == "handled" for row in book.inbound),
            "deliveries of a message already stored": sum(customer.redelivered for customer in self._customers),
            "turns": len(book.turns),
            "turns with a reply": sum(bool(turn.replies) for turn in book.turns),
            "messages that went to a ticket": len(book.ticketed),
            "tickets": self._reasons.total(),
            **{f"tickets, reason {reason}": count for reason, count in sorted(self._reasons.items())},
            **{f"replies {state}": states[state] for state in sorted({"sent", "withheld", *states})},
            "conversations answered by the bot": len(answered),
            **{name: len(found) for name, found in self._checked().items()},
        }

    def wrongs(self) -> dict[str, list[Any]]:
        """What should not be, by kind; empty where all is well."""
        return {name: found for name, found in self._checked().items() if found}

    def _checked(self) -> dict[str, list[Any]]:
        pages = [(customer, self._transcripts[customer.number]) for customer in self._customers]
        book = self._book
        return {
            "lost": self._unhandled() + book.lost() + [missing for page in pages for missing in _missing(*page)],
            "twice": book.twice() + self._shown_twice() + [ghost for page in pages for ghost in _ghosts(*page)],
            "out of order": book.out_of_order() + [late for page in pages for late in _disordered(*page)],
            "faults": ["a turn failed"] * self._reasons["fault"],
        }

    def _unhandled(self) -> list[Any]:
        """Messages not stored, or not as they were sent, or not handled."""
        stored = {event: (text, state) for _, _, event, text, state, _ in self._book.inbound}
        sent = [pair for customer in self._customers for pair in customer.sent]
        return [event for event, text in sent if stored.get(event) != (text, "handled")]

    def _shown_twice(self) -> list[Any]:
        """Bot messages that stand in the transcripts more or less often than once."""
        told = (message for transcript in self._transcripts.values() for message in transcript)
        shown = Counter(message["id"] for message in told if message["author"] == "bot")
        sent = Counter(row[0] for row in self._book.bots if row[3] == "sent")
        return list(((shown - sent) + (sent - shown)).elements())


def _missing(customer: Customer, transcript: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What the transcript lacks, and what of it the customer's open page was never shown."""
    said = {message["event_id"] for message in transcript if message["author"] == "user"}
    unsaid = [event for event, _ in customer.sent if event not in said]
    unseen = [message["id"] for message in transcript if (message["id"], 0) not in customer.seen]
    return unsaid + unseen


def _ghosts(customer: Customer, transcript: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Messages the open page was shown that the transcript does not know, and messages shown with other words later."""
    known = {message["id"] for message in transcript}
    return [key for key in customer.seen if key[0] not in known] + [customer.number] * customer.changed


def _disordered(customer: Customer, transcript: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The customer's messages in another order than they were sent, or replies shown in another order than written."""
    said = [message["event_id"] for message in transcript if message["author"] == "user"]
    shown = [key for key, message in customer.seen.items() if message["author"] == "bot"]
    kept = said == [event for event, _ in customer.sent]
    return [] if kept and shown == sorted(shown) else [customer.number]
