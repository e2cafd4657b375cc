"""What people look at shows each of them what is theirs, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import NotFound
from bot.store import handling, outbox, reading
from bot.store.database import Database
from bot.store.inbox import KeptFile
from bot.store.tables import File, Message, MessageState, TicketState
from channels.words import Owner, Place
from tests.samples import ANN, NOW, answer, arrive, escalated, inbound, notice, rows, take

BOB = Place(account="bot-1", handle="bob")
FILE = KeptFile("proof.png", "image/png", 3, "ab" * 32)


def deliver(database: Database, count: int = 1, state: MessageState | None = None) -> None:
    """Sends the next `count` messages, or gives them up as `state`."""
    for _ in range(count):
        for dispatch in database.transact(outbox.claim, ["memory"], NOW, 10):
            if state:
                database.transact(outbox.give_up, dispatch.message.id, state, "told by the test", NOW)
            else:
                database.transact(outbox.part_sent, dispatch.message.id, 0, "", last=True, now=NOW)


def shown(database: Database, place: Place = ANN, limit: int = 100) -> list[str]:
    """The texts a person sees."""
    talk = database.transact(reading.talk, "memory", place, limit)
    assert talk
    return [said.message.text for said in talk.said]


def test_transcript_hides_what_was_never_sent(database: Database) -> None:
    """Queued, withheld and failed messages are not shown; what may have arrived is."""
    ticket = escalated(database)
    assert shown(database) == ["a human!"]
    take(database, ticket.number)
    assert shown(database) == ["a human!"]
    deliver(database)
    assert shown(database) == ["a human!", "notice in en"]
    for text, state in [("maybe", MessageState.UNKNOWN), ("lost", MessageState.FAILED)]:
        database.transact(handling.reply, ticket.number, "Anna", text, notice, NOW)
        deliver(database, state=state)
    assert shown(database) == ["a human!", "notice in en", "maybe"]


def test_transcript_tells_who_answers(database: Database) -> None:
    """Owner, agent and ticket are those of the moment; an agent is named while one has the ticket."""
    ticket = escalated(database)
    talk = database.transact(reading.talk, "memory", ANN, 10)
    assert talk
    assert (talk.owner, talk.agent, talk.ticket) == (Owner.QUEUE, "", ticket.number)
    take(database, ticket.number)
    talk = database.transact(reading.talk, "memory", ANN, 10)
    assert talk
    assert (talk.owner, talk.agent) == (Owner.AGENT, "Anna")


def test_transcript_is_the_newest_messages_oldest_first(database: Database) -> None:
    """The limit cuts at the old end, files come with their message."""
    arrive(database, inbound("one"), files=[FILE])
    arrive(database, inbound("two", "e2"), files=[FILE])
    arrive(database, inbound("three", "e3"))
    assert shown(database, limit=2) == ["two", "three"]
    talk = database.transact(reading.talk, "memory", ANN, 3)
    assert talk
    assert [[file.id for file in said.files] for said in talk.said] == [[1], [2], []]


@pytest.mark.parametrize(
    "place", [BOB, replace(ANN, account="bot-2"), replace(ANN, thread="t")], ids=["handle", "account", "thread"]
)
def test_transcript_belongs_to_its_place(database: Database, place: Place) -> None:
    """Another handle, account, thread or channel sees nothing of it."""
    arrive(database, inbound())
    assert database.transact(reading.talk, "memory", place, 10) is None
    assert database.transact(reading.talk, "other", ANN, 10) is None


def test_file_is_given_at_its_own_place_alone(database: Database) -> None:
    """A file's number opens it for the conversation it was sent in, and for no other."""
    arrive(database, inbound(), files=[FILE])
    arrive(database, inbound(event="e2", place=BOB))
    found = database.transact(reading.file_at, "memory", ANN, 1)
    assert found
    assert found.sha256 == FILE.sha256
    for channel, place, file_id in [
        ("memory", BOB, 1),
        ("other", ANN, 1),
        ("memory", ANN, 2),
        ("memory", ANN, 2**31),
        ("memory", ANN, 10**30),
        ("memory", Place(account="bot-1", handle="nobody"), 1),
    ]:
        assert database.transact(reading.file_at, channel, place, file_id) is None
    assert len(rows(database, File)) == 1


def test_list_is_most_urgent_first(database: Database) -> None:
    """Open tickets come by priority, then by age; those that are over only where their state is named."""
    for number, priority in enumerate(["low", "normal", "urgent", "normal", "high"]):
        place = Place(account="bot-1", handle=f"visitor-{number}")
        escalated(database, inbound(event=f"e{number}", place=place), priority=priority)
    database.transact(handling.hand_back, "FD-1005", "Anna", "solved", notice, NOW)
    take(database, "FD-1004")

    def numbers(*states: TicketState, limit: int = 10) -> list[str]:
        return [ticket.number for ticket in database.transact(reading.list_tickets, states, limit)]

    assert numbers() == ["FD-1003", "FD-1002", "FD-1004", "FD-1001"]
    assert numbers(limit=2) == ["FD-1003", "FD-1002"]
    assert numbers(TicketState.SOLVED, TicketState.OPEN) == ["FD-1005", "FD-1004"]


def test_show_is_the_whole_ticket(database: Database) -> None:
    """An agent sees the person, every message with its state, and the timeline; withheld replies are suggestions."""
    arrive(database, inbound("look", name="Ann", verified_by="shop", attributes={"tier": "vip"}), files=[FILE])
    ticket = escalated(database, inbound("a human!", "e2", name="Ann"))
    take(database, ticket.number)
    deliver(database, count=2)
    view = database.transact(reading.show, ticket.number.lower())
    assert (view.ticket.number, view.owner, view.contact.tier) == (ticket.number, Owner.AGENT, "vip")
    assert [(address.handle, address.verified_by) for address in view.addresses] == [("ann", "shop")]
    assert [(said.message.text, said.message.state.value, len(said.files)) for said in view.said] == [
        ("look", "handled", 1),
        ("a human!", "handled", 0),
        ("Your ticket is FD-1001", "withheld", 0),
        ("notice in en", "sent", 0),
    ]
    assert [event.kind for event in view.events] == ["opened", "taken", "withheld"]
    with pytest.raises(NotFound):
        database.transact(reading.show, "FD-1")


def test_status_is_told_to_the_same_person_alone(database: Database) -> None:
    """A ticket's status is given to its contact in any of their conversations, in any case, and to nobody else."""
    ticket = escalated(database)
    elsewhere = arrive(database, inbound(event="e2", place=replace(ANN, thread="t"))).conversation_id
    stranger = arrive(database, inbound(event="e3", place=BOB)).conversation_id
    found = database.transact(reading.status_for, elsewhere, ticket.number.lower())
    assert found
    assert found.id == ticket.id
    assert database.transact(reading.status_for, stranger, ticket.number) is None
    assert database.transact(reading.status_for, elsewhere, "FD-1") is None


@pytest.mark.parametrize(
    ("changes", "thread"),
    [
        ({}, "t"),
        ({"number": " fd-1001 "}, "t"),
        ({"handle": "bob"}, None),
        ({"handle": "ANN"}, None),
        ({"account": "bot-2"}, None),
        ({"channel": "other"}, None),
        ({"number": "FD-1002"}, None),
        ({"number": "FD-1001\x00"}, None),
        ({"number": "FD-%"}, None),
    ],
)
def test_thread_of_a_ticket_is_its_persons_alone(
    database: Database, changes: dict[str, str], thread: str | None
) -> None:
    """The ticket's number leads the person of its conversation there; on another account they are somebody else."""
    escalated(database, inbound("a human!", place=replace(ANN, thread="t")))
    answer(database, inbound("hello", "e2", replace(BOB, thread="u")), "hello")
    asked = {"channel": "memory", "account": "bot-1", "handle": "ann", "number": "FD-1001", **changes}
    assert database.transact(lambda session: reading.thread_of_ticket(session, **asked)) == thread


def test_settled_is_handled_and_sent(database: Database) -> None:
    """A message is worked off when it is handled and nothing of its conversation waits to go out."""
    message_id = arrive(database, inbound()).message_id
    assert not database.transact(reading.settled, message_id)
    answer(database, inbound("more", "e2"), "hello")
    assert not database.transact(reading.settled, message_id)
    arrive(database, inbound(event="e3", place=BOB))
    deliver(database)
    assert database.transact(reading.settled, message_id)


def test_counts_are_what_is_unfinished(database: Database) -> None:
    """Waiting messages are counted by channel and state; finished ones are not."""
    answer(database, inbound(), "one", "two")
    deliver(database)
    arrive(database, inbound(event="e2"))
    arrive(database, inbound(event="e3"), channel="other")
    assert database.transact(reading.counts) == {
        ("memory", "queued"): 1,
        ("memory", "received"): 1,
        ("other", "received"): 1,
    }
    assert len(rows(database, Message)) == 5
