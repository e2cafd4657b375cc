"""A turn is read, thought about without a lock, and written whole or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from bot.errors import NotFound, Overtaken
from bot.store import handling, ticketing, turns
from bot.store.database import Database, Session
from bot.store.inbox import KeptFile
from bot.store.tables import Message, Status, Ticket, TicketEvent, TicketState
from bot.store.turn import Finished, Heard, Outcome, Reply, Turn
from channels.words import Author, Choice, Owner, Place
from tests.samples import (
    NOW,
    answer,
    arrive,
    conversation,
    escalated,
    escalation,
    inbound,
    later,
    notice,
    outcome,
    rows,
    states,
    take,
    timeline,
    turn_of,
)

FILE = KeptFile("proof.png", "image/png", 3, "ab" * 32)


def finish(database: Database, turn: Turn, *replies: str, outcome: Outcome | None = None) -> Finished:
    """Ends the turn."""
    ended = outcome or Outcome("en", {}, [Reply(text, "en") for text in replies])
    return database.transact(turns.finish, turn, ended, NOW)


def test_ready_is_longest_waiting_first(database: Database) -> None:
    """Conversations of the channels asked for whose time has come, in the order of their time, cut at the limit."""
    waiting = [("b", 2, "memory"), ("a", 1, "memory"), ("c", 9, "memory"), ("d", 1, "other")]
    ids = [
        arrive(database, inbound(event=name, place=Place(account="bot-1", handle=name)), later(at), channel=channel)
        for name, at, channel in waiting
    ]
    assert database.transact(turns.ready, ["memory"], later(5), 10) == [ids[1].conversation_id, ids[0].conversation_id]
    assert database.transact(turns.ready, ["memory"], later(5), 1) == [ids[1].conversation_id]
    assert database.transact(turns.ready, [], later(5), 10) == []


def test_turn_is_everything_unhandled(database: Database) -> None:
    """A turn has each message nobody has handled, in order, with its files counted, and nothing that was handled."""
    answer(database, inbound("before"), "hello")
    first = arrive(database, inbound("one", "e2", language="zh"), files=[FILE, FILE])
    second = arrive(database, inbound("two", "e3"))
    turn = turn_of(database, first.conversation_id)
    assert turn.messages == (
        Heard(first.message_id, "one", None, "zh", 2),
        Heard(second.message_id, "two", None, None, 0),
    )
    assert (turn.channel, turn.owner, turn.epoch, turn.language) == ("memory", Owner.BOT, 0, "en")
    assert turn.place == Place(account="bot-1", handle="ann")


def test_nothing_unhandled_is_no_turn(database: Database) -> None:
    """A conversation whose messages are handled has no turn, nor has one that never was."""
    conversation_id = answer(database, inbound(), "hello")
    assert database.transact(turns.load, conversation_id) is None
    assert database.transact(turns.load, 99) is None


def test_offered_are_the_buttons_ever_shown(database: Database) -> None:
    """A pressed button comes with the payloads this conversation was shown; without one nobody looks for them."""
    reply = Reply("Which?", "en", [Choice(title="Human", payload="human"), Choice(title="Fees", payload="intent:fees")])
    conversation_id = answer(database, inbound(), replies=[reply])
    arrive(database, inbound("typed", "e2"))
    typed = turn_of(database, conversation_id)
    assert typed.offered == frozenset()
    database.transact(turns.finish, typed, outcome(), NOW)
    arrive(database, inbound("Human", "e3", choice="human"))
    assert turn_of(database, conversation_id).offered == {"human", "intent:fees"}


def test_finish_writes_the_whole_outcome(database: Database) -> None:
    """Messages are handled with what was understood, replies queued, the dialogue kept, the user awaited."""
    arrival = arrive(database, inbound("提现要多久"))
    choice = Choice(title="Human", payload="human")
    reply = Reply("Up to **an hour**.", "zh", [choice], intent="withdrawal_time", confidence=0.9)
    ended = Outcome(
        "zh", {"topic": "x"}, [reply], None, {"ranking": [["withdrawal_time", 0.9]]}, "withdrawal_time", 0.9
    )
    done = finish(database, turn_of(database, arrival.conversation_id), outcome=ended)
    heard, said = rows(database, Message)
    assert done == Finished(ready_at=None, replies=1, ticket=None)
    assert (heard.state.value, heard.language, heard.intent, heard.confidence) == (
        "handled",
        "zh",
        "withdrawal_time",
        0.9,
    )
    assert (heard.understood, heard.finished_at) == ({"ranking": [["withdrawal_time", 0.9]]}, NOW)
    assert (said.author, said.state.value, said.text, said.language) == (
        Author.BOT,
        "queued",
        "Up to **an hour**.",
        "zh",
    )
    assert (said.choices, said.intent, said.confidence) == (
        [{"title": "Human", "payload": "human"}],
        "withdrawal_time",
        0.9,
    )
    assert (said.answers_id, said.epoch, said.due_at) == (heard.id, 0, NOW)
    found = conversation(database)
    assert (found.language, found.dialogue, found.status, found.ready_at) == (
        "zh",
        {"topic": "x"},
        Status.WAITING,
        None,
    )


def test_message_that_came_meanwhile_is_the_next_turn(database: Database) -> None:
    """What arrived while the turn was thought about is left for a turn of its own, begun when its own burst is over."""
    conversation_id = arrive(database, inbound("one")).conversation_id
    turn = turn_of(database, conversation_id)
    arrive(database, inbound("two", "e2"), later(1))
    done = finish(database, turn, "answer to one")
    assert done.ready_at == later(1.6) == conversation(database).ready_at
    assert [heard.text for heard in turn_of(database, conversation_id).messages] == ["two"]


def test_turn_is_finished_once(database: Database) -> None:
    """A second finish of the same turn is overtaken and queues nothing."""
    turn = turn_of(database, arrive(database, inbound()).conversation_id)
    finish(database, turn, "first")
    with pytest.raises(Overtaken):
        finish(database, turn, "second")
    assert states(database) == [("hello", "handled"), ("first", "queued")]


def test_turn_read_before_a_takeover_is_overtaken(database: Database) -> None:
    """An owner who changed since the turn was read makes finishing it write nothing."""
    ticket = escalated(database)
    database.transact(handling.hand_back, ticket.number, "Anna", "released", notice, NOW)
    arrive(database, inbound("more", "e2"))
    turn = turn_of(database, conversation(database).id)
    take(database, ticket.number)
    before = states(database)
    with pytest.raises(Overtaken):
        finish(database, turn, "too late")
    assert states(database) == before


def test_two_workers_finish_one_turn(postgres: Database) -> None:
    """Of two transactions finishing the same turn at the same moment one wins; its replies are the only ones."""
    for round_ in range(10):
        said = inbound(event=f"e{round_}", place=Place(account="bot-1", handle=f"visitor-{round_}"))
        turn = turn_of(postgres, arrive(postgres, said).conversation_id)
        barrier = Barrier(2)

        def attempt(name: str) -> bool:
            barrier.wait()  # noqa: B023 - both of a round are done before the next begins
            try:
                finish(postgres, turn, name)  # noqa: B023
            except Overtaken:
                return False
            return True

        with ThreadPoolExecutor(2) as threads:
            assert sorted(threads.map(attempt, ["left", "right"])) == [False, True]
    assert len([text for text, state in states(postgres) if state == "queued"]) == 10


def test_escalation_opens_a_ticket(database: Database) -> None:
    """A ticket opens with all the escalation tells, the conversation is in the queue, the number in the words."""
    wanted = escalation(facts={"coin": "BTC"}, tried=("withdrawal_time",), priority="high", language="zh")
    arrival = arrive(database, inbound())
    turn = turn_of(database, arrival.conversation_id)
    done = finish(database, turn, outcome=outcome("Ticket {ticket}.", "Wait for {ticket}.", escalation=wanted))
    (ticket,) = rows(database, Ticket)
    assert ticket.number == done.ticket == "FD-1001"
    assert (ticket.title, ticket.category, ticket.priority) == ("Withdrawal pending", "withdrawal", "high")
    assert (ticket.state, ticket.assignee, ticket.reason) == (TicketState.NEW, None, "human")
    assert (ticket.facts, ticket.tried, ticket.language) == ({"coin": "BTC"}, ["withdrawal_time"], "zh")
    assert (ticket.promised_at, ticket.created_at) == (later(4 * 3600), NOW)
    found = conversation(database)
    assert (found.owner, found.epoch, found.status) == (Owner.QUEUE, 1, Status.OPEN)
    assert [(message.text, message.epoch) for message in rows(database, Message)[1:]] == [
        ("Ticket FD-1001.", 1),
        ("Wait for FD-1001.", 1),
    ]
    assert timeline(database) == [("bot", "opened")]


def test_edited_turn_is_not_answered(database: Database) -> None:
    """A message edited while the bot thinks is not marked handled by the answer to its old words; read again, it is."""
    arrival = arrive(database, inbound("how long does it take?"))
    turn = turn_of(database, arrival.conversation_id)
    arrive(database, inbound("which coins?", "e1-edit", edit_of="e1"))
    with pytest.raises(Overtaken):
        finish(database, turn, "one hour")
    assert states(database) == [("which coins?", "received")]
    finish(database, turn_of(database, arrival.conversation_id), "all")
    assert states(database) == [("which coins?", "handled"), ("all", "queued")]


def test_escalation_goes_to_the_open_ticket(database: Database) -> None:
    """A conversation given back and escalated again stays on its ticket, which gains facts and never loses urgency."""
    first = escalated(database, priority="high", facts={"coin": "BTC"}, tried=["fees", "limits"])
    take(database, first.number)
    database.transact(handling.hand_back, first.number, "Anna", "released", notice, NOW)
    again: dict[str, Any] = {"priority": "normal", "facts": {"network": "TRON"}, "tried": ["limits", "networks"]}
    second = escalated(database, inbound(event="e2"), **again, reason="unsure", category="deposit")
    assert (second.id, second.priority, second.facts) == (first.id, "high", {"coin": "BTC", "network": "TRON"})
    assert (second.state, second.assignee, len(rows(database, Ticket))) == (TicketState.NEW, None, 1)
    assert second.tried == ["fees", "limits", "networks"]
    assert (conversation(database).owner, conversation(database).epoch) == (Owner.QUEUE, 4)
    assert timeline(database)[-1] == ("bot", "escalated")
    assert rows(database, TicketEvent)[-1].detail == {"reason": "unsure", "category": "deposit"}
    assert states(database)[-1] == ("Your ticket is FD-1001", "queued")


def test_escalation_after_the_end_is_a_new_ticket(database: Database) -> None:
    """A solved ticket takes no more work: the next escalation has a number of its own."""
    first = escalated(database)
    database.transact(handling.hand_back, first.number, "Anna", "solved", notice, NOW)
    assert escalated(database, inbound(event="e2")).number == "FD-1002"


def test_message_to_a_human_reaches_the_ticket(database: Database) -> None:
    """Where the queue answers, the message is filed under the ticket and one that waited for the user is open again."""
    ticket = escalated(database)
    database.transact(handling.reply, ticket.number, "Anna", "Which coin?", notice, NOW)
    arrival = arrive(database, inbound("BTC", "e2"))
    finish(database, turn_of(database, arrival.conversation_id))
    (found,) = rows(database, Ticket)
    assert found.state is TicketState.OPEN
    assert timeline(database)[-1] == ("user", "message")
    assert (conversation(database).status, conversation(database).owner) == (Status.OPEN, Owner.AGENT)


@pytest.mark.parametrize("owner", [Owner.QUEUE, Owner.AGENT])
def test_bot_says_nothing_where_a_human_answers(database: Database, owner: Owner) -> None:
    """What a turn that a human owns would say or escalate is dropped: no bot talks over a human."""
    ticket = escalated(database)
    if owner is Owner.AGENT:
        take(database, ticket.number)
    arrival = arrive(database, inbound("hello?", "e2"))
    turn = turn_of(database, arrival.conversation_id)
    before = len(rows(database, Message))
    done = finish(database, turn, outcome=outcome("Something went wrong", escalation=escalation(reason="fault")))
    assert (done.replies, done.ticket) == (0, ticket.number)
    assert len(rows(database, Message)) == before
    assert (conversation(database).owner, conversation(database).epoch) == (owner, turn.epoch)
    assert timeline(database)[-1] == ("user", "message")


def test_human_without_a_ticket_gets_one(database: Database) -> None:
    """A conversation in the queue whose ticket is over refuses a silent end; an escalation opens a new ticket."""
    database.transact(_end_ticket, escalated(database).number)
    turn = turn_of(database, arrive(database, inbound("hello?", "e2")).conversation_id)
    with pytest.raises(NotFound):
        finish(database, turn)
    assert finish(database, turn, outcome=outcome(escalation=escalation(reason="fault"))).ticket == "FD-1002"


def _end_ticket(session: Session, number: str) -> None:
    ticketing.find(session, number).state = TicketState.CLOSED


def test_a_button_is_a_turn_of_its_own(database: Database) -> None:
    """What was written before it is handled first, and what was written after it next."""
    conversation_id = arrive(database, inbound("one", "e1")).conversation_id
    arrive(database, inbound("two", "e2"))
    arrive(database, inbound("", "e3", choice="human"))
    arrive(database, inbound("four", "e4"))
    told = []
    for _ in range(3):
        turn = turn_of(database, conversation_id)
        told.append([heard.text or heard.choice for heard in turn.messages])
        database.transact(turns.finish, turn, outcome(), NOW)
    assert told == [["one", "two"], ["human"], ["four"]]
