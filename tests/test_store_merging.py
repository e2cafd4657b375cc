"""Merges and splits lose nothing and can be undone, whatever their order; every conversation has its ticket."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from itertools import count
from threading import Barrier
from typing import Any, Concatenate

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import NotFound, Refused
from bot.store import changing, handling, linking, merging, reading, ticketing, undoing
from bot.store.database import Arguments, Database, Result, Session
from bot.store.tables import Conversation, Message, Ticket, TicketConversation, TicketEvent, TicketState
from bot.store.ticketing import OVER
from bot.store.ticketing_tables import LinkKind
from channels.words import Author, Owner, Place
from tests.samples import NOW, arrive, escalated, inbound, later, notice, rows, take

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


def test_undone_merge_keeps_what_came_since(database: Database) -> None:
    """A message since then goes back with its conversation and is our turn; a fact changed since stays changed."""
    first = opened(database, "ann", facts={"coin": "BTC", "amount": "5"})
    second = opened(database, "bob")
    database.transact(handling.reply, first, "Anna", "Which?", notice, NOW)
    merge(database, first, second)
    write(database, "ann", 55)
    database.transact(changing.change, second, "Anna", {"facts": {"coin": "ETH", "amount": "5"}}, later(56))
    undo(database, second)
    back, stays = ticket(database, first), ticket(database, second)
    assert (back.state, back.waiting_since, back.assignee) == (TicketState.OPEN, later(55), "Anna")
    assert (back.facts, stays.facts) == ({"coin": "BTC", "amount": "5"}, {"coin": "ETH"})
    assert (about(database, first), about(database, second)) == ([1], [2])
    assert owners(database) == {1: Owner.AGENT, 2: Owner.QUEUE}


def test_undone_split_leaves_nobody_without_an_agent(database: Database) -> None:
    """Where only the new ticket was somebody's, the conversation is in the queue; what was said since is our turn."""
    first = opened(database, "ann")
    new = split(database, first, message_id=1)
    take(database, new, "Ben")
    write(database, "ann", 55)
    undo(database, new)
    assert owners(database) == {1: Owner.QUEUE}
    assert (ticket(database, new).state, ticket(database, first).waiting_since) == (TicketState.CLOSED, NOW)
    assert database.transact(reading.show, new).merged_into == first
    assert write(database, "ann", 60) == first


def test_undoing_says_what_is_against_it(database: Database) -> None:
    """Nothing to undo, merged again since, solved since: each is refused with its reason, and nothing changes."""
    first, second, third = (opened(database, person) for person in PEOPLE)
    with pytest.raises(Refused, match=f"{first} was neither merged nor split"):
        undo(database, first)
    merge(database, first, second)
    merge(database, second, third)
    with pytest.raises(Refused, match=f"{first} or {second} was merged or split since"):
        undo(database, first)
    undo(database, third)
    database.transact(handling.hand_back, second, "Anna", "solved", notice, NOW)
    before = standing(database)
    with pytest.raises(Refused, match=f"{second} is already solved"):
        undo(database, first)
    assert standing(database) == before


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
