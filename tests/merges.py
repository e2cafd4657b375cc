"""Tickets that are merged and split, for tests of both and of undoing them."""

from __future__ import annotations

from itertools import count
from typing import Any

from bot.store import merging, ticketing, undoing
from bot.store.database import Database
from bot.store.tables import Conversation, Ticket, TicketConversation
from bot.store.ticketing import OVER
from channels.words import Owner, Place
from tests.samples import arrive, escalated, inbound, later, notice, rows

PEOPLE = ("ann", "bob", "cyd")
EVENTS = count()


def place(person: str) -> Place:
    """Where somebody writes."""
    return Place(account="bot-1", handle=person)


def opened(database: Database, person: str, **changes: Any) -> str:
    """A ticket of somebody's own; its number."""
    said = inbound(f"{person} needs a human", f"m{next(EVENTS)}", place(person))
    return escalated(database, said, **changes).number


def write(database: Database, person: str, at: float = 50) -> str:
    """Somebody writes, and a human answers there; the ticket the message reached."""
    arrival = arrive(database, inbound("more", f"m{next(EVENTS)}", place(person)), later(at))
    database.transact(ticketing.file_under, arrival.conversation_id, arrival.message_id, later(at))
    found = database.transact(ticketing.ticket_of, arrival.conversation_id)
    assert found
    return found.number


def merge(database: Database, number: str, into: str) -> None:
    """By Anna."""
    database.transact(merging.merge, number, into, "Anna", lambda _: notice, later(20))


def split(database: Database, number: str, **where: int) -> str:
    """By Anna; the new number."""
    return database.transact(merging.split, number, "Anna", "Another matter", later(20), **where).number


def undo(database: Database, number: str) -> None:
    """By Ben."""
    database.transact(undoing.undo, number, "Ben", later(60))


def ticket(database: Database, number: str) -> Ticket:
    """As it stands."""
    return database.transact(ticketing.find, number)


def about(database: Database, number: str) -> list[int]:
    """The conversations of a ticket."""
    return database.transact(lambda session: merging.ids_of(session, ticketing.find(session, number)))


def owners(database: Database) -> dict[int, Owner]:
    """Who answers each conversation."""
    return {talk.id: talk.owner for talk in rows(database, Conversation)}


def standing(database: Database, without: frozenset[int] = frozenset()) -> dict[str, Any]:
    """Everything that merging and splitting change, but for the tickets `without`."""
    kept = ("state", "assignee", "merged_into_id", "facts", "tags", "waiting_since", "promised_at", "priority")
    return {
        "tickets": {
            found.id: {name: getattr(found, name) for name in kept}
            for found in rows(database, Ticket)
            if found.id not in without
        },
        "links": {(link.ticket_id, link.conversation_id) for link in rows(database, TicketConversation)},
        "owners": owners(database),
    }


def whole(database: Database) -> None:
    """What must hold at any time."""
    found = {one.id: one for one in rows(database, Ticket)}
    links = [(link.ticket_id, link.conversation_id) for link in rows(database, TicketConversation)]
    for talk in rows(database, Conversation):
        own = [found[ticket_id] for ticket_id, conversation_id in links if conversation_id == talk.id]
        still_open = [one for one in own if one.state not in OVER]
        assert own, "a conversation that no ticket is about"
        assert talk.owner is Owner.BOT or still_open, "a human's conversation without an open ticket"
        assert talk.owner is not Owner.AGENT or any(one.assignee for one in still_open), "an agent who is nobody"
    for one in found.values():
        has = [conversation_id for ticket_id, conversation_id in links if ticket_id == one.id]
        assert bool(has) == (one.merged_into_id is None), f"{one.number} is about {has}"
