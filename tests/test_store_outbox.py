"""What goes out: in order, one at a time in a conversation, never a bot's word after a human took over."""

from __future__ import annotations

import pytest

from bot.store import handling, outbox, reading
from bot.store.database import Database, Session
from bot.store.outbox import Dispatch
from bot.store.tables import File, Message, MessageState, TicketEvent
from channels.words import Author, Owner, Place
from tests.plans import steps
from tests.samples import NOW, answer, conversation, escalated, inbound, later, notice, rows, states, take, timeline

BOB = Place(account="bot-1", handle="bob")


def claim(database: Database, at: float = 0, limit: int = 10) -> list[Dispatch]:
    """What may be sent `at` seconds later."""
    return database.transact(outbox.claim, ["memory"], later(at), limit)


def texts(dispatches: list[Dispatch]) -> list[str]:
    """Their texts."""
    return [dispatch.message.text for dispatch in dispatches]


def sent(database: Database, dispatch: Dispatch) -> None:
    """The platform has all of it."""
    database.transact(outbox.part_sent, dispatch.message.id, 0, "p1", last=True, now=NOW)


def test_claim_tells_all_a_sender_needs(database: Database) -> None:
    """A claimed message comes with its place, owner, open ticket and files, and is marked as being sent."""
    ticket = escalated(database)
    database.transact(_attach, rows(database, Message)[1].id)
    (dispatch,) = claim(database)
    assert (dispatch.message.id, dispatch.message.attempts) == (rows(database, Message)[1].id, 1)
    assert states(database)[1] == ("Your ticket is FD-1001", "sending")
    assert (dispatch.place, dispatch.owner) == (Place(account="bot-1", handle="ann"), Owner.QUEUE)
    assert (dispatch.ticket, [file.name for file in dispatch.files]) == (ticket.number, ["a.png"])
    assert claim(database) == []


def test_order_holds_within_a_conversation(database: Database) -> None:
    """A message waits until the one before it is sent, put back ones included."""
    answer(database, inbound(), "one", "two", "three")
    (first,) = claim(database)
    assert first.message.text == "one"
    assert claim(database) == []
    database.transact(outbox.put_back, first.message.id, later(60), "later")
    assert claim(database) == []
    (first,) = claim(database, at=60)
    sent(database, first)
    assert texts(claim(database)) == ["two"]


def test_conversations_do_not_wait_for_each_other(database: Database) -> None:
    """One message of each conversation may be sent at the same time, oldest first, cut at the limit."""
    answer(database, inbound(), "to ann", "to ann again")
    answer(database, inbound(event="e2", place=BOB), "to bob")
    answer(database, inbound(event="e3", place=BOB), "elsewhere", channel="other")
    assert texts(claim(database, limit=1)) == ["to ann"]
    assert texts(claim(database)) == ["to bob"]
    assert claim(database) == []


def test_reply_from_before_a_takeover_is_withheld(database: Database) -> None:
    """A bot's queued reply becomes a suggestion once a human takes over, the ticket says so, the notice goes out."""
    ticket = escalated(database)
    take(database, ticket.number)
    assert texts(claim(database)) == ["notice in en"]
    assert states(database)[1] == ("Your ticket is FD-1001", "withheld")
    event = rows(database, TicketEvent)[-1]
    assert (event.actor, event.kind) == ("frontdesk", "withheld")
    assert event.detail["message"] == rows(database, Message)[1].id


def test_reply_withheld_stays_so_after_the_release(database: Database) -> None:
    """Giving the conversation back to the bot does not revive what it wanted to say before."""
    ticket = escalated(database)
    take(database, ticket.number)
    database.transact(handling.hand_back, ticket.number, "Anna", "released", notice, NOW)
    assert texts(claim(database)) == ["notice in en"]
    assert states(database)[1][1] == "withheld"


def test_agent_does_not_wait_for_what_is_withheld(database: Database) -> None:
    """A bot's reply put off by the platform is withheld at the takeover, not when it would have been due."""
    ticket = escalated(database)
    (dispatch,) = claim(database)
    database.transact(outbox.put_back, dispatch.message.id, later(300), "too many requests")
    take(database, ticket.number)
    assert texts(claim(database)) == ["notice in en"]


def test_agents_and_notices_pass_the_fence(database: Database) -> None:
    """The fence stops the bot alone: what agents and Frontdesk queued before a change of owner is sent after it."""
    ticket = escalated(database)
    sent(database, *claim(database))
    database.transact(handling.reply, ticket.number, "Anna", "Hello, Ann", notice, NOW)
    database.transact(handling.hand_back, ticket.number, "Anna", "released", notice, NOW)
    left = []
    while found := claim(database):
        left += [(dispatch.message.author, dispatch.message.text) for dispatch in found]
        sent(database, *found)
    notices = (Author.SYSTEM, "notice in en")
    assert left == [notices, (Author.AGENT, "Hello, Ann"), notices]


def test_parts_are_counted(database: Database) -> None:
    """Progress is kept by part; the message is sent with its last one, and an error of before is forgotten."""
    answer(database, inbound(), "long")
    (dispatch,) = claim(database)
    database.transact(outbox.part_sent, dispatch.message.id, 0, "p1", last=False, now=NOW)
    database.transact(outbox.put_back, dispatch.message.id, NOW, "later")
    (dispatch,) = claim(database)
    assert (dispatch.message.parts_sent, dispatch.message.attempts) == (1, 2)
    assert (rows(database, Message)[-1].attempts, rows(database, Message)[-1].error) == (2, "later")
    database.transact(outbox.part_sent, dispatch.message.id, 1, "", last=True, now=later(3))
    message = rows(database, Message)[-1]
    assert (message.state, message.parts_sent, message.finished_at) == (MessageState.SENT, 2, later(3))
    assert (message.platform_id, message.error) == ("p1", None)


@pytest.mark.parametrize("state", [MessageState.FAILED, MessageState.UNKNOWN])
def test_what_is_given_up_is_on_the_timeline(database: Database, state: MessageState) -> None:
    """A message that failed or may have arrived ends with its reason, the ticket says so, the next one goes out."""
    ticket = escalated(database)
    database.transact(handling.note, ticket.number, "Anna", "seen", NOW)
    (dispatch,) = claim(database)
    database.transact(outbox.give_up, dispatch.message.id, state, "blocked by the user", later(1))
    message, event = rows(database, Message)[-1], rows(database, TicketEvent)[-1]
    assert (message.state, message.error, message.finished_at) == (state, "blocked by the user", later(1))
    assert (event.kind, event.detail) == (
        state.value,
        {"message": message.id, "error": "blocked by the user", "parts_sent": 0},
    )


def test_what_is_given_up_needs_no_ticket(database: Database) -> None:
    """A reply of a conversation without a ticket fails all the same, and no timeline is invented."""
    answer(database, inbound(), "hello")
    (dispatch,) = claim(database)
    database.transact(outbox.give_up, dispatch.message.id, MessageState.FAILED, "gone", NOW)
    assert states(database)[-1] == ("hello", "failed")
    assert timeline(database) == []


def test_interrupted_is_what_was_being_sent(database: Database) -> None:
    """After a crash exactly the claimed messages of the channels asked for are found, in order."""
    answer(database, inbound(), "to ann", "to ann again")
    answer(database, inbound(event="e2", place=BOB), "to bob")
    claim(database)
    assert texts(database.transact(outbox.interrupted, ["memory"])) == ["to ann", "to bob"]
    assert database.transact(outbox.interrupted, ["other"]) == []


def test_lost_claim_is_put_back(database: Database) -> None:
    """What a claim took that nobody heard of is queued again as if never taken; what is being sent is left alone."""
    answer(database, inbound(), "to ann")
    (known,) = claim(database)
    answer(database, inbound(event="e2", place=BOB), "to bob")
    claim(database)
    database.transact(outbox.unclaim, ["other"], [])
    assert claim(database) == []
    database.transact(outbox.unclaim, ["memory"], [known.message.id])
    (again,) = claim(database)
    assert (again.message.text, again.message.attempts) == ("to bob", 1)


def test_fence_stands_between_parts(database: Database) -> None:
    """After a part of a bot's message that a human overtook no other follows, and the ticket says how many left."""
    ticket = escalated(database)
    (dispatch,) = claim(database)
    assert database.transact(outbox.part_sent, dispatch.message.id, 0, "p1", last=False, now=NOW)
    take(database, ticket.number)
    assert not database.transact(outbox.part_sent, dispatch.message.id, 1, "p2", last=False, now=NOW)
    assert states(database)[1] == ("Your ticket is FD-1001", "withheld")
    assert (timeline(database)[-1], rows(database, TicketEvent)[-1].detail["parts_sent"]) == (
        ("frontdesk", "withheld"),
        2,
    )


def test_parts_of_an_agent_pass_the_fence(database: Database) -> None:
    """An agent's long message is sent to its end, though the ticket is handed back meanwhile."""
    ticket = escalated(database)
    database.transact(handling.reply, ticket.number, "Anna", "long", notice, NOW)
    (joined,) = claim(database)
    sent(database, joined)
    (dispatch,) = claim(database)
    database.transact(handling.hand_back, ticket.number, "Anna", "released", notice, NOW)
    assert database.transact(outbox.part_sent, dispatch.message.id, 0, "p1", last=False, now=NOW)


def test_in_flight_counts_the_bot_alone(database: Database) -> None:
    """An agent who takes over waits for bot messages being sent, not for queued ones and not for notices."""
    ticket = escalated(database)
    conversation_id = conversation(database).id
    assert database.transact(outbox.in_flight, conversation_id) == 0
    (dispatch,) = claim(database)
    take(database, ticket.number)
    assert database.transact(outbox.in_flight, conversation_id) == 1
    sent(database, dispatch)
    assert texts(claim(database)) == ["notice in en"]
    assert database.transact(outbox.in_flight, conversation_id) == 0


def test_history_costs_nothing(sqlite: Database) -> None:
    """Looking for what to send reads the unfinished messages from their index, never every message there was."""
    answer(sqlite, inbound(), "hello")
    for work in (
        lambda: claim(sqlite),
        lambda: sqlite.transact(outbox.interrupted, ["memory"]),
        lambda: sqlite.transact(reading.counts),
    ):
        assert "USING INDEX message_unfinished" in steps(sqlite, work)[0]


def _attach(session: Session, message_id: int) -> None:
    message = session.get_one(Message, message_id)
    conversation_id = message.conversation_id
    session.add(
        File(
            message_id=message_id,
            conversation_id=conversation_id,
            name="a.png",
            media_type="image/png",
            size=1,
            sha256="ab" * 32,
        )
    )
