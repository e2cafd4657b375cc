"""Merges and splits lose nothing and can be undone, whatever their order; every conversation has its ticket."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier
from typing import Concatenate

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import NotFound, Refused
from bot.store import changing, handling, linking, reading, ticketing
from bot.store.database import Arguments, Database, Result, Session
from bot.store.tables import Conversation, Message, Ticket, TicketEvent, TicketState
from bot.store.ticketing_tables import LinkKind
from channels.words import Author, Owner
from tests.merges import PEOPLE, about, merge, opened, owners, split, standing, ticket, undo, whole, write
from tests.samples import NOW, later, notice, rows, take


def test_merged_tickets_go_on_as_one(database: Database) -> None:
    """Conversations, facts and tags are on the other; what is there already wins; the merged one is closed."""
    first = opened(database, "ann", facts={"coin": "BTC", "amount": "5"})
    second = opened(database, "bob", facts={"coin": "ETH"})
    database.transact(changing.change, first, "Anna", {"tags": ["slow"]}, NOW)
    database.transact(changing.change, second, "Anna", {"tags": ["chain"]}, NOW)
    merge(database, first, second)
    went, stays = ticket(database, first), ticket(database, second)
    assert (went.state, went.merged_into_id) == (TicketState.CLOSED, stays.id)
    assert (stays.facts, stays.tags) == ({"coin": "ETH", "amount": "5"}, ["chain", "slow"])
    assert (about(database, first), about(database, second)) == ([], [1, 2])
    assert write(database, "ann") == second


def test_who_has_the_ticket_answers_all_of_it(database: Database) -> None:
    """The conversation that came is the agent's, whose user is told; one that was theirs anyway is told nothing."""
    first, second, third = (opened(database, person) for person in PEOPLE)
    for number in (second, third):
        take(database, number, "Ben")
    merge(database, first, second)
    told = rows(database, Message)[-1]
    assert (told.conversation_id, told.author, told.author_name) == (1, Author.SYSTEM, "Ben")
    merge(database, third, second)
    assert rows(database, Message)[-1].id == told.id
    assert set(owners(database).values()) == {Owner.AGENT}


def test_who_waits_for_a_human_is_not_given_to_the_bot(database: Database) -> None:
    """Merged into a ticket that was released, a conversation stays in the queue, in nobody's hands."""
    first, second = opened(database, "ann"), opened(database, "bob")
    take(database, first)
    database.transact(handling.hand_back, second, "Ben", "released", notice, NOW)
    merge(database, first, second)
    assert owners(database) == {1: Owner.QUEUE, 2: Owner.BOT}


def test_merged_number_names_where_it_went(database: Database) -> None:
    """It is still shown with what was said; it takes no more work; its user asking for it hears of the other."""
    first, second = opened(database, "ann"), opened(database, "bob")
    merge(database, first, second)
    view = database.transact(reading.show, first)
    assert (view.merged_into, view.said[0].message.text) == (second, "ann needs a human")
    with pytest.raises(Refused, match=f"{first} went on as {second}"):
        database.transact(handling.reply, first, "Anna", "Hello", notice, NOW)
    asked = database.transact(reading.status_for, 1, first)
    assert asked
    assert asked.number == second
    assert database.transact(reading.status_for, 2, first) is not None
    assert database.transact(reading.thread_of_ticket, "memory", "bot-1", "ann", first) == ""


def test_two_merge_into_each_other_at_once(postgres: Database) -> None:
    """One of them does, the other is told where the ticket went; neither waits for the other for good."""
    first, second = opened(postgres, "ann"), opened(postgres, "bob")
    barrier = Barrier(2)

    def attempt(pair: tuple[str, str]) -> str:
        barrier.wait()
        try:
            merge(postgres, *pair)
        except Refused as refused:
            return str(refused)
        return "merged"

    with ThreadPoolExecutor(2) as threads:
        found = set(threads.map(attempt, [(first, second), (second, first)]))
    assert found in ({"merged", f"{first} went on as {second}"}, {"merged", f"{second} went on as {first}"})
    whole(postgres)


def test_what_cannot_be_merged(database: Database) -> None:
    """Itself, what is over, what is unknown: nothing changes."""
    first, second = opened(database, "ann"), opened(database, "bob")
    before = standing(database)
    with pytest.raises(Refused, match="into itself"):
        merge(database, first, first.lower())
    with pytest.raises(NotFound):
        merge(database, first, "FD-7")
    assert standing(database) == before
    database.transact(handling.hand_back, second, "Anna", "solved", notice, NOW)
    for pair in ((first, second), (second, first)):
        with pytest.raises(Refused, match=f"{second} is already solved, by Anna"):
            merge(database, *pair)


def test_a_matter_split_off_by_a_message_has_the_talk_first(database: Database) -> None:
    """What the user says next reaches the new ticket until it is solved, then the old; the agent keeps both."""
    first = opened(database, "ann")
    take(database, first)
    new = split(database, first, message_id=1)
    assert (ticket(database, new).assignee, ticket(database, new).title) == ("Anna", "Another matter")
    assert (about(database, first), about(database, new)) == ([1], [1])
    assert write(database, "ann") == new
    database.transact(handling.hand_back, new, "Anna", "solved", notice, NOW)
    assert owners(database) == {1: Owner.AGENT}
    assert write(database, "ann") == first
    database.transact(handling.hand_back, first, "Anna", "solved", notice, NOW)
    assert owners(database) == {1: Owner.BOT}


def test_a_conversation_leaves_for_the_new_ticket(database: Database) -> None:
    """The old one is about the others, and about one at least."""
    first, second = opened(database, "ann"), opened(database, "bob")
    merge(database, first, second)
    new = split(database, second, conversation_id=1)
    assert (about(database, second), about(database, new)) == ([2], [1])
    assert (write(database, "ann"), write(database, "bob")) == (new, second)
    with pytest.raises(Refused, match="has no other conversation"):
        split(database, second, conversation_id=2)


@pytest.mark.parametrize("where", [{"conversation_id": 2}, {"message_id": 3}, {"message_id": 10**12}])
def test_what_is_elsewhere_is_not_split_off(database: Database, where: dict[str, int]) -> None:
    """A conversation or message of another ticket, or of none, is not found."""
    first = opened(database, "ann")
    opened(database, "bob")
    with pytest.raises(NotFound):
        split(database, first, **where)


@pytest.mark.parametrize("where", [{}, {"conversation_id": 1, "message_id": 1}])
def test_where_to_split_is_one_thing(database: Database, where: dict[str, int]) -> None:
    """Neither a conversation nor a message, or both, is refused."""
    first = opened(database, "ann")
    with pytest.raises(Refused, match="name either"):
        split(database, first, **where)


def test_acts_are_on_both_timelines(database: Database) -> None:
    """Each act and its undoing is a line of either ticket that names the other."""
    first, second = opened(database, "ann"), opened(database, "bob")
    merge(database, first, second)
    undo(database, first)
    found = [(line.ticket_id, line.actor, line.kind) for line in rows(database, TicketEvent)][2:]
    assert found == [(1, "Anna", "merged"), (2, "Anna", "absorbed"), (1, "Ben", "undone"), (2, "Ben", "undone")]


def test_links_are_seen_from_both_ends(database: Database) -> None:
    """With their direction where they have one; the same link is not made twice, and a mutual one not back again."""
    first, second = opened(database, "ann"), opened(database, "bob")
    for kind in (LinkKind.CAUSES, LinkKind.RELATED):
        database.transact(linking.link, first, second, kind, "Anna", NOW)
    for ends, number, other in ((False, first, second), (True, second, first)):
        seen = database.transact(reading.show, number).links
        assert [(link.kind, link.number, link.reverse) for link in seen] == [
            (LinkKind.CAUSES, other, ends),
            (LinkKind.RELATED, other, False),
        ]
    for again in ((first, second, LinkKind.CAUSES), (second, first, LinkKind.RELATED)):
        with pytest.raises(Refused, match="linked so already"):
            database.transact(linking.link, *again, "Ben", NOW)
    with pytest.raises(Refused, match="with itself"):
        database.transact(linking.link, first, first, LinkKind.CAUSES, "Ben", NOW)
    database.transact(linking.unlink, second, first, LinkKind.RELATED, "Ben", NOW)
    with pytest.raises(NotFound):
        database.transact(linking.unlink, second, first, LinkKind.CAUSES, "Ben", NOW)
    assert [link.kind for link in database.transact(reading.show, second).links] == [LinkKind.CAUSES]


WAYS = ("merge", "split", "part", "undo", "write", "take", "queue", "release")
STEPS = st.lists(st.tuples(st.sampled_from(WAYS), st.integers(0, 7), st.integers(0, 7)), min_size=2, max_size=10)


class Undone(Database):
    """Work in the savepoints of one transaction, which nobody ends: an example costs no disk."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def transact(
        self,
        work: Callable[Concatenate[Session, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        with self._session.begin_nested():
            result = work(self._session, *args, **kwargs)
        self._session.expunge_all()
        return result


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_no_order_of_acts_loses_anything(sqlite: Database, steps: list[tuple[str, int, int]]) -> None:
    """Whatever is merged, split, undone, said and taken: each message stays, each conversation has its ticket.

    An act undone at once leaves all as it was.
    """
    with Session(sqlite._engine, expire_on_commit=False) as session:
        database = Undone(session)
        for number, person in enumerate(PEOPLE):
            facts, promise = {person: person, "coin": person}, timedelta(hours=3 - number)
            own = opened(database, person, facts=facts, promise=promise)
            database.transact(changing.change, own, "Anna", {"tags": [person]}, NOW)
            database.transact(_wait, own, number)
        for step, one, other in steps:
            said = {message.id for message in rows(database, Message)}
            numbers = [found.number for found in rows(database, Ticket)]
            # What makes no sense as things stand is refused, and changes nothing.
            with suppress(Refused):
                _step(database, step, numbers[one % len(numbers)], numbers[other % len(numbers)], one)
            assert said <= {message.id for message in rows(database, Message)}
            whole(database)
        session.rollback()


def _step(database: Database, step: str, number: str, other: str, which: int) -> None:
    messages = [message.id for message in rows(database, Message)]
    ways: dict[str, Callable[[], object]] = {
        "merge": lambda: _done_and_undone(database, number, lambda: merge(database, number, other)),
        "split": lambda: _done_and_undone(
            database, number, lambda: split(database, number, message_id=messages[which % len(messages)])
        ),
        "part": lambda: _done_and_undone(
            database, number, lambda: split(database, number, conversation_id=which % 3 + 1)
        ),
        "undo": lambda: undo(database, number),
        "write": lambda: _write(database, PEOPLE[which % 3]),
        "take": lambda: take(database, number, PEOPLE[which % 2]),
        "queue": lambda: database.transact(changing.assign, number, "Anna", None, notice, later(30)),
        "release": lambda: database.transact(handling.hand_back, number, "Anna", "released", notice, later(30)),
    }
    ways[step]()


def _wait(session: Session, number: str, seconds: int) -> None:
    """The user waits for so long already."""
    ticketing.find(session, number).waiting_since = later(-seconds)


def _done_and_undone(database: Database, number: str, act: Callable[[], object]) -> None:
    """Done, undone and done again."""
    before, known = standing(database), {found.id for found in rows(database, Ticket)}
    act()
    whole(database)
    undo(database, number)
    new = frozenset(found.id for found in rows(database, Ticket)) - known
    assert standing(database, new) == before
    act()


def _write(database: Database, person: str) -> None:
    """Somebody writes; where the bot answers, to the bot."""
    (talk,) = [talk for talk in rows(database, Conversation) if talk.id == PEOPLE.index(person) + 1]
    if talk.owner is not Owner.BOT:
        write(database, person)
