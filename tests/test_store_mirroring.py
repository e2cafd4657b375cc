"""Mirrors in the database, on SQLite and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.briefing import Briefing
from bot.conversation import Content
from bot.store import handling, mirroring, outcomes, staff
from bot.store.database import Database
from bot.store.mirror_tables import Mirror, MirrorPost, StaffSaid
from bot.store.staff import Asked, Wish
from bot.store.tables import Message, MessageState, TicketEvent
from bot.store.ticketing import Notice
from channels.words import Author, StaffMessage
from tests.samples import NOW, escalated, notice, rows

ROOM = "room"


class Phrases:
    """Implements `bot.store.staff.Phrases`."""

    def notice(self, wish: Wish, agent: str, number: str) -> Notice:
        return notice

    def told(self, name: str, **values: str) -> str:
        return name


def follow(database: Database, content: Content) -> None:
    """A look at the timelines."""
    database.transact(mirroring.follow, ROOM, (), Briefing(content.answers), NOW)


def post_all(database: Database, ticket_id: int) -> list[str]:
    """Everything that waits is posted; its texts."""
    texts = []
    while post := database.transact(mirroring.claim, ROOM, ticket_id):
        texts.append(post.text)
        database.transact(mirroring.part_posted, post.id, 1, last=True)
    return texts


def write(
    database: Database, text: str, event: str = "m1", agent: str | None = "Anna", wish: Wish = Wish.REPLY
) -> None:
    """Somebody writes in the thread."""
    said = StaffMessage(event_id=event, thread="t1", person="4711", text=text)
    database.transact(staff.hear, ROOM, said, agent, Asked(wish, text), (), Phrases(), NOW)


@pytest.fixture
def mirrored(database: Database, content: Content) -> int:
    """A ticket with its brief posted in the thread t1; its id."""
    ticket = escalated(database)
    follow(database, content)
    database.transact(mirroring.opened, ROOM, ticket.id, "t1")
    assert len(post_all(database, ticket.id)) == 1
    return ticket.id


def test_each_line_is_written_down_once(database: Database, content: Content, mirrored: int) -> None:
    """However often it is looked; and of what was posted nothing stays."""
    number = "FD-1001"
    database.transact(handling.note, number, "Cleo", "one", NOW)
    follow(database, content)
    follow(database, content)
    (text,) = post_all(database, mirrored)
    assert text.count("one") == 1
    assert not rows(database, MirrorPost)


def test_interrupted_post_says_so(database: Database, content: Content, mirrored: int) -> None:
    """Claimed twice without a word between, nobody knows whether it was sent; put back, everybody does."""
    database.transact(handling.note, "FD-1001", "Cleo", "one", NOW)
    follow(database, content)
    first = database.transact(mirroring.claim, ROOM, mirrored)
    second = database.transact(mirroring.claim, ROOM, mirrored)
    assert first
    assert second
    assert (first.interrupted, second.interrupted) == (False, True)
    database.transact(mirroring.put_back, first.id, doubtful=True)
    third = database.transact(mirroring.claim, ROOM, mirrored)
    assert third
    assert (third.interrupted, third.doubtful) == (False, True)


def test_thread_is_closed_when_all_was_told(database: Database, content: Content, mirrored: int) -> None:
    """What happened after the last look keeps it open."""
    database.transact(handling.hand_back, "FD-1001", "Anna", "solved", notice, NOW)
    assert database.transact(mirroring.due, ROOM) == []
    database.transact(mirroring.closed, ROOM, mirrored, now_closed=True)
    follow(database, content)
    (due,) = database.transact(mirroring.due, ROOM)
    assert due.over
    assert post_all(database, mirrored)
    database.transact(mirroring.closed, ROOM, mirrored, now_closed=True)
    assert database.transact(mirroring.due, ROOM) == []
    assert [(mirror.closed, mirror.done) for mirror in rows(database, Mirror)] == [(True, True)]


def test_lost_thread_begins_anew(database: Database, content: Content, mirrored: int) -> None:
    """With a brief alone, whatever waited."""
    database.transact(handling.note, "FD-1001", "Cleo", "one", NOW)
    follow(database, content)
    database.transact(mirroring.lost, ROOM, mirrored)
    follow(database, content)
    (due,) = database.transact(mirroring.due, ROOM)
    assert due.thread is None
    (text,) = post_all(database, mirrored)
    assert "FD-1001" in text


@pytest.mark.usefixtures("mirrored")
def test_answer_is_queued_once(database: Database) -> None:
    """Also where two deliveries of it come at the same time."""
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: write(database, "Hello!"), range(2)))
    assert [message.text for message in rows(database, Message) if message.author is Author.AGENT] == ["Hello!"]
    assert [said.event_id for said in rows(database, StaffSaid)] == ["m1"]


@pytest.mark.usefixtures("mirrored")
def test_what_became_of_an_answer_is_told_once(database: Database, content: Content) -> None:
    """Arrived ones are handed over until they are settled; of others it is written down what is wrong."""
    write(database, "Hello!")
    write(database, "Are you there?", "m2")
    first, second = [message.id for message in rows(database, Message) if message.author is Author.AGENT]
    assert database.transact(outcomes.arrived, ROOM) == []
    database.transact(lambda session: setattr(session.get_one(Message, first), "state", MessageState.SENT))
    database.transact(lambda session: setattr(session.get_one(Message, second), "state", MessageState.UNKNOWN))
    (arrived,) = database.transact(outcomes.arrived, ROOM)
    assert arrived.thread == "t1"
    database.transact(outcomes.settled, arrived.id)
    for _ in range(2):
        database.transact(outcomes.tell, ROOM, Briefing(content.answers), NOW)
    assert database.transact(outcomes.arrived, ROOM) == []
    assert len(rows(database, MirrorPost)) == 1


@pytest.mark.usefixtures("mirrored")
def test_stranger_does_nothing(database: Database) -> None:
    """Whatever they ask for, they get a word once."""
    before = len(rows(database, TicketEvent))
    for number, wish in enumerate(Wish):
        write(database, "x", f"m{number}", agent=None, wish=wish)
    assert len(rows(database, TicketEvent)) == before
    assert [post.text for post in rows(database, MirrorPost)] == ["staff_stranger"]


@pytest.mark.usefixtures("mirrored")
def test_thread_that_mirrors_nothing_is_left_alone(database: Database) -> None:
    """Agents may have threads of their own there."""
    said = StaffMessage(event_id="m1", thread="t2", person="4711", text="lunch?")
    database.transact(staff.hear, ROOM, said, "Anna", Asked(Wish.REPLY, "lunch?"), (), Phrases(), NOW)
    assert not rows(database, StaffSaid)
    assert not rows(database, MirrorPost)
