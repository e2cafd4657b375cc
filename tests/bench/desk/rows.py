"""The rows of a desk with many tickets, table by table, the same at every run.

A part draws from a stream of numbers of its own: one that is added changes none of the others. Ids are told from the
number of the ticket, so that each part can be written without the ones before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlmodel import SQLModel

from bot.store.agent_tables import Agent
from bot.store.tables import (
    Address,
    Contact,
    Conversation,
    Message,
    MessageState,
    Status,
    Ticket,
    TicketConversation,
    TicketEvent,
    TicketState,
)
from bot.store.ticketing import FIRST_NUMBER, OVER
from channels.words import Author, Owner
from tests.bench.desk import words

#: The last message was written then, the first a year before.
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
YEAR = timedelta(days=365)

#: Messages of a ticket, and lines of its timeline.
SAID, LINES = 10, 5

#: The first ticket goes on all year, as long as any may become.
LONG = 2_000

#: Words that stand in so many tickets, however many there are.
RARE, RARELY = "quetzalcoatl", 3

#: Of a hundred tickets so many are not over, and an agent has one of each hundred.
ACTIVE = 15

CHANNELS = ("webchat", "telegram", "email", "discord", "x")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """How much: tickets, each with `SAID` messages."""

    tickets: int

    @property
    def agents(self) -> int:
        """They have the same number of tickets each, however many there are."""
        return max(1, self.tickets // 100)


def agent_of(number: int) -> str:
    """An agent's name."""
    return f"Agent {number}"


def language_of(ticket: int) -> str:
    """Of a ticket and all that is said in it."""
    return "zh" if ticket % 5 < 2 else "en"


def channel_of(ticket: int) -> str:
    """Where its conversation is."""
    return CHANNELS[ticket % len(CHANNELS)]


def begun(size: Size, ticket: int) -> datetime:
    """When a ticket was opened."""
    return NOW - YEAR + ticket * YEAR / (size.tickets + 1)


def agents(size: Size) -> Iterator[Row]:
    """Those who work at the desk."""
    for number in range(1, size.agents + 1):
        name = agent_of(number)
        yield {"id": number, "name": name, "email": f"agent{number}@example.com", "created_at": NOW - YEAR}


def contacts(size: Size) -> Iterator[Row]:
    """One a ticket."""
    random = Random(1)  # noqa: S311 - nothing secret
    for number in range(1, size.tickets + 1):
        yield {
            "id": number,
            "name": words.name(random),
            "tier": "gold" if number % 50 == 0 else "",
            "created_at": begun(size, number),
        }


def addresses(size: Size) -> Iterator[Row]:
    """One a contact."""
    for number in range(1, size.tickets + 1):
        channel = channel_of(number)
        handle = f"user{number}@example.com" if channel == "email" else f"u{number}"
        yield {"id": number, "contact_id": number, "channel": channel, "account": "main", "handle": handle}


def conversations(size: Size) -> Iterator[Row]:
    """One an address."""
    for number in range(1, size.tickets + 1):
        yield {
            "id": number,
            "address_id": number,
            "channel": channel_of(number),
            "account": "main",
            "owner": Owner.AGENT,
            "status": Status.OPEN,
            "language": language_of(number),
            "created_at": begun(size, number),
        }


def tickets(size: Size) -> Iterator[Row]:
    """In every state, most of them over."""
    random = Random(2)  # noqa: S311 - nothing secret
    for number in range(1, size.tickets + 1):
        state = _state(random)
        at = begun(size, number)
        over = state in OVER
        kind = random.randrange(len(words.TITLES))
        yield {
            "id": number,
            "number": f"FD-{FIRST_NUMBER + number}",
            "title": words.TITLES[kind],
            "category": words.CATEGORIES[kind],
            "priority": words.pick(random, ("normal", "high", "low", "urgent")),
            "state": state,
            "assignee": None if state is TicketState.NEW else agent_of(random.randrange(1, size.agents + 1)),
            "language": language_of(number),
            "reason": "human",
            "facts": {"amount": f"{random.uniform(1, 5000):.2f}", "transaction": words.hash_of(random)},
            "tier": "gold" if number % 50 == 0 else "",
            "team": words.pick(random, ("payments", "security", "")),
            "tags": [words.pick(random, ("refund", "bug", "fraud"))] if random.random() < 0.3 else [],
            "promised_at": at + timedelta(hours=4),
            "waiting_since": None if over or state is TicketState.PENDING else at,
            "due_at": None if over else NOW + timedelta(minutes=random.randrange(-600, 3000)),
            "created_at": at,
            "updated_at": at + timedelta(hours=6),
            "first_response_at": None if state is TicketState.NEW else at + timedelta(hours=1),
            "solved_at": at + timedelta(hours=6) if over else None,
        }


def ticket_conversations(size: Size) -> Iterator[Row]:
    """A ticket is about the conversation of its number."""
    for number in range(1, size.tickets + 1):
        yield {"ticket_id": number, "conversation_id": number}


def messages(size: Size) -> Iterator[Row]:
    """In turn the user's and ours; the first ticket goes on all year."""
    random = Random(3)  # noqa: S311 - nothing secret
    rare = {size.tickets * part // RARELY for part in range(1, RARELY + 1)}
    for ticket in range(1, size.tickets + 1):
        for place in range(SAID):
            yield _message(random, size, ticket, place, RARE if place == 0 and ticket in rare else "")
    for place in range(SAID, LONG):
        yield _message(random, size, 1, place, "")


def events(size: Size) -> Iterator[Row]:
    """The timeline of each ticket."""
    random = Random(4)  # noqa: S311 - nothing secret
    for ticket in range(1, size.tickets + 1):
        at = begun(size, ticket)
        agent = agent_of(random.randrange(1, size.agents + 1))
        for place, kind in enumerate(("opened", "taken", "note", "replied", "solved")[:LINES]):
            yield {
                "ticket_id": ticket,
                "at": at + timedelta(minutes=10 * place),
                "actor": agent if place else "bot",
                "kind": kind,
                "detail": {"text": words.pick(random, words.NOTES)} if kind == "note" else {},
            }


#: In the order they are written: what others refer to first.
PARTS: Mapping[type[SQLModel], Callable[[Size], Iterator[Row]]] = {
    Agent: agents,
    Contact: contacts,
    Address: addresses,
    Conversation: conversations,
    Ticket: tickets,
    TicketConversation: ticket_conversations,
    Message: messages,
    TicketEvent: events,
}


def _state(random: Random) -> TicketState:
    if random.randrange(100) >= ACTIVE:
        return random.choice(OVER)
    return random.choice((TicketState.NEW, TicketState.NEW, TicketState.OPEN, TicketState.PENDING, TicketState.ON_HOLD))


def _message(random: Random, size: Size, ticket: int, place: int, more: str) -> Row:
    language = language_of(ticket)
    theirs = place % 2 == 0
    said = words.asked(random, language) if theirs else words.answered(random, language)
    text = f"{said} {more}".strip()
    return {
        "conversation_id": ticket,
        "channel": channel_of(ticket),
        "account": "main",
        "author": Author.USER if theirs else Author.AGENT,
        "event_id": f"{ticket}-{place}" if theirs else None,
        "state": MessageState.HANDLED if theirs else MessageState.SENT,
        "text": text,
        "language": language,
        "raw": {"update_id": ticket * 100 + place, "message": {"text": text, "date": place}} if theirs else {},
        "created_at": begun(size, ticket) + (timedelta(minutes=7 * place) if place < SAID else YEAR * place / LONG),
    }
