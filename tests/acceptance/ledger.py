"""What the database and the customers' pages say happened, held against each other."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
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


class Ledger:
    """`transcripts` are by the customer's number.

    A turn is what one transaction handled: the messages of a conversation with the same `finished_at`, which is the
    `created_at` of its replies.
    """

    def __init__(self, house: House, customers: Sequence[Customer], transcripts: Mapping[int, Any]) -> None:
        self._customers = customers
        self._transcripts = transcripts
        self._inbound = house.ask(
            "SELECT id, conversation_id, event_id, text, state, finished_at FROM message"
            " WHERE author = 'user' ORDER BY id"
        )
        self._bots = house.ask(
            "SELECT id, conversation_id, answers_id, state, created_at, text FROM message"
            " WHERE author = 'bot' ORDER BY id"
        )
        self._ticketed = Counter(
            json.loads(detail)["message"]
            for (detail,) in house.ask("SELECT detail FROM ticketevent WHERE kind = 'message'")
        )
        self._withheld = {
            json.loads(detail)["message"]
            for (detail,) in house.ask("SELECT detail FROM ticketevent WHERE kind = 'withheld'")
        }
        self._reasons = Counter(reason for (reason,) in house.ask("SELECT reason FROM ticket"))
        self._turns = self._joined()

    def counts(self) -> dict[str, int]:
        """What there is to tell."""
        states = Counter(row[3] for row in self._bots)
        answered = {reply[1] for reply in self._bots if reply[3] == "sent"}
        return {
            "messages sent": sum(len(customer.sent) for customer in self._customers),
            "messages stored": len(self._inbound),
            "messages handled": sum(row[4] == "handled" for row in self._inbound),
            "deliveries of a message already stored": sum(customer.redelivered for customer in self._customers),
            "turns": len(self._turns),
            "turns with a reply": sum(bool(turn.replies) for turn in self._turns),
            "messages that went to a ticket": len(self._ticketed),
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
        return {
            "lost": self._lost() + [missing for page in pages for missing in _missing(*page)],
            "twice": self._twice() + [ghost for page in pages for ghost in _ghosts(*page)],
            "out of order": self._out_of_order() + [late for page in pages for late in _disordered(*page)],
            "faults": ["a turn failed"] * self._reasons["fault"],
        }

    def _joined(self) -> list[Turn]:
        turns: dict[tuple[int, str], Turn] = {}
        for number, conversation, _, _, _, finished in self._inbound:
            turns.setdefault((conversation, finished), Turn([])).messages.append(number)
        for number, conversation, _, state, created, text in self._bots:
            if turn := turns.get((conversation, created)):
                turn.replies.append((number, state, text))
        return list(turns.values())

    def _lost(self) -> list[Any]:
        """Messages not stored or not handled, and messages that got neither a reply nor a place on a ticket.

        A reply that the queue overtook is withheld: what it would have answered waits for the human, who sees both.
        """
        stored = {event: (text, state) for _, _, event, text, state, _ in self._inbound}
        sent = [pair for customer in self._customers for pair in customer.sent]
        silent = [
            number
            for turn in self._turns
            for number in turn.messages
            if not self._ticketed[number]
            and not any(state == "sent" or reply in self._withheld for reply, state, _ in turn.replies)
        ]
        return [event for event, text in sent if stored.get(event) != (text, "handled")] + silent

    def _twice(self) -> list[Any]:
        """Events stored twice, messages filed twice, replies to a message by anything but its own turn."""
        events = Counter(row[2] for row in self._inbound)
        theirs = {number for turn in self._turns for number, _, _ in turn.replies}
        both = [turn for turn in self._turns if turn.replies and self._ticketed.keys() & set(turn.messages)]
        return [
            *(event for event, count in events.items() if count > 1),
            *(number for number, count in self._ticketed.items() if count > 1),
            *(row[0] for row in self._bots if row[0] not in theirs),
            *both,
            *(turn for turn in self._turns if len({text for _, _, text in turn.replies}) < len(turn.replies)),
            *self._shown_twice(),
        ]

    def _shown_twice(self) -> list[Any]:
        """Bot messages that stand in the transcripts more or less often than once."""
        told = (message for transcript in self._transcripts.values() for message in transcript)
        shown = Counter(message["id"] for message in told if message["author"] == "bot")
        sent = Counter(row[0] for row in self._bots if row[3] == "sent")
        return list(((shown - sent) + (sent - shown)).elements())

    def _out_of_order(self) -> list[Any]:
        """Replies that name another message than the last of their turn, or stand before it."""
        answers = {row[0]: row[2] for row in self._bots}
        wrong = [
            number
            for turn in self._turns
            for number, _, _ in turn.replies
            if answers[number] != max(turn.messages) or number < max(turn.messages)
        ]
        by_conversation = defaultdict(list)
        for row in self._bots:
            by_conversation[row[1]].append(row[2])
        return wrong + [answered for answered in by_conversation.values() if answered != sorted(answered)]


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
