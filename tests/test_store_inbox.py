"""What comes in is written down once, whatever the platform repeats, edits or bursts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from bot.errors import NotFound
from bot.store import handling, inbox
from bot.store.database import Database
from bot.store.inbox import KeptFile
from bot.store.tables import Address, Contact, Conversation, File, Message, Revision, Status, Ticket, TicketEvent
from channels.words import Author, Place
from tests.samples import (
    ANN,
    NOW,
    PACE,
    answer,
    arrive,
    conversation,
    escalated,
    inbound,
    later,
    notice,
    rows,
    states,
    timeline,
)
from tests.sending import BOB

VOUCHED: dict[str, Any] = {"verified_by": "shop", "attributes": {"tier": "vip", "email": "ann@example.com"}}


def test_message_is_stored_with_all_it_says(database: Database) -> None:
    """Every word of the contract that belongs to a message is found again in its row."""
    said = inbound("hi", name="Ann", language="zh-CN", choice="human", reply_to="p7", raw={"update_id": 7})
    arrival = arrive(database, said)
    (message,) = rows(database, Message)
    assert arrival.fresh
    assert (message.id, message.conversation_id) == (arrival.message_id, arrival.conversation_id)
    assert (message.channel, message.account, message.event_id) == ("memory", "bot-1", "e1")
    assert (message.author, message.author_name, message.text) == (Author.USER, "Ann", "hi")
    assert (message.language, message.choice, message.reply_to) == ("zh-CN", "human", "p7")
    assert (message.raw, message.created_at) == ({"update_id": 7}, NOW)


def test_redelivery_is_the_same_message(database: Database) -> None:
    """The same event again returns the first message, stores nothing and begins no turn."""
    first = arrive(database, inbound())
    again = arrive(database, inbound("other words"), later(60))
    assert (again.message_id, again.fresh, again.ready_at) == (first.message_id, False, None)
    assert states(database) == [("hello", "received")]
    assert conversation(database).ready_at == first.ready_at


@pytest.mark.parametrize(
    ("channel", "place"), [("other", ANN), ("memory", Place(account="bot-2", handle="ann"))], ids=["channel", "account"]
)
def test_event_ids_belong_to_an_account(database: Database, channel: str, place: Place) -> None:
    """The same event id on another channel or another account is another message."""
    arrive(database, inbound())
    assert arrive(database, inbound(place=place), channel=channel).fresh
    assert len(rows(database, Message)) == len(rows(database, Conversation)) == 2


def test_person_with_two_threads_is_one_address(database: Database) -> None:
    """Threads are conversations of the same address and contact."""
    arrive(database, inbound())
    arrive(database, inbound(event="e2", place=Place(account="bot-1", handle="ann", thread="t", public=True)))
    assert len(rows(database, Address)) == len(rows(database, Contact)) == 1
    assert [(found.thread, found.public) for found in rows(database, Conversation)] == [("", False), ("t", True)]


def test_edit_is_a_revision(database: Database) -> None:
    """An edit changes the text, keeps the words before it, and begins no turn of its own."""
    first = arrive(database, inbound("helo", raw={"n": 1}))
    edit = arrive(database, inbound("hello", "e2", edit_of="e1", raw={"n": 2}), later(5))
    assert (edit.message_id, edit.fresh, edit.ready_at) == (first.message_id, True, None)
    (message,), (revision,) = rows(database, Message), rows(database, Revision)
    assert (message.text, message.raw, message.event_id) == ("hello", {"n": 2}, "e1")
    assert (revision.text, revision.raw, revision.event_id) == ("helo", {"n": 1}, "e2")
    assert (revision.message_id, revision.created_at) == (message.id, later(5))


def test_edit_brings_its_files(database: Database) -> None:
    """A file that comes with an edit belongs to the message; the same edit again adds none."""
    arrive(database, inbound("look"))
    for _ in range(2):
        arrive(database, inbound("look here", "e2", edit_of="e1"), files=[KeptFile("a.png", "image/png", 3, "ab" * 32)])
    assert [(file.message_id, file.name) for file in rows(database, File)] == [(1, "a.png")]


def test_edit_reaches_whoever_answers(database: Database) -> None:
    """Where a human answers, an edit is on the ticket, which wakes up; where the bot does, no ticket hears of it."""
    number = escalated(database).number
    database.transact(handling.reply, number, "Anna", "Which coin?", notice, NOW)
    arrive(database, inbound("an agent!", "e2", edit_of="e1"))
    assert timeline(database)[-1] == ("user", "edited")
    assert (rows(database, TicketEvent)[-1].detail, rows(database, Ticket)[0].state.value) == ({"message": 1}, "open")
    database.transact(handling.hand_back, number, "Anna", "released", notice, NOW)
    arrive(database, inbound("anybody!", "e3", edit_of="e1"))
    assert timeline(database)[-1] == ("Anna", "released")


def test_message_taken_back_is_not_answered(database: Database) -> None:
    """Who takes a message back before the bot looked gets no answer to it; its words are kept as a revision."""
    arrive(database, inbound("my password is hunter2"))
    back = arrive(database, inbound("", "d1", edit_of="e1", deleted=True))
    assert (back.fresh, back.ready_at) == (True, None)
    (message,), (revision,) = rows(database, Message), rows(database, Revision)
    assert (message.text, message.state.value, revision.text) == ("", "handled", "my password is hunter2")
    assert conversation(database).ready_at is None
    assert not arrive(database, inbound("", "d1", edit_of="e1", deleted=True)).fresh


def test_message_taken_back_leaves_the_others(database: Database) -> None:
    """The rest of a burst is answered, and a human who answers sees what was taken back."""
    arrive(database, inbound("helo"))
    arrive(database, inbound("hello", "e2"))
    arrive(database, inbound("", "d1", edit_of="e1", deleted=True))
    assert states(database) == [("", "handled"), ("hello", "received")]
    number = escalated(database, inbound("a human!", "e3")).number
    arrive(database, inbound("", "d2", edit_of="e3", deleted=True))
    assert (number, timeline(database)[-1]) == ("FD-1001", ("user", "deleted"))


def test_taking_back_what_nobody_knows_is_refused(database: Database) -> None:
    """What never arrived cannot be taken back, nor can what another said."""
    arrive(database, inbound("hello"))
    for said in (inbound("", "d1", edit_of="e9", deleted=True), inbound("", "d1", BOB, edit_of="e1", deleted=True)):
        with pytest.raises(NotFound):
            arrive(database, said)
    assert states(database) == [("hello", "received")]


def test_platform_need_not_say_whose_message_is_gone(database: Database) -> None:
    """Without a handle a message on the same account is taken back, on another none is."""
    arrive(database, inbound("hello"))
    nobody = replace(ANN, handle="")
    with pytest.raises(NotFound):
        arrive(database, inbound("", "d1", replace(nobody, account="other"), edit_of="e1", deleted=True))
    arrive(database, inbound("", "d1", nobody, edit_of="e1", deleted=True))
    assert states(database) == [("", "handled")]


def test_redelivered_edit_is_one_revision(database: Database) -> None:
    """The same edit again changes nothing, even where a later edit came between."""
    arrive(database, inbound("one"))
    arrive(database, inbound("two", "e2", edit_of="e1"))
    arrive(database, inbound("three", "e3", edit_of="e1"))
    assert not arrive(database, inbound("two", "e2", edit_of="e1")).fresh
    assert [row.text for row in rows(database, Revision)] == ["one", "two"]
    assert rows(database, Message)[0].text == "three"


def test_edit_of_an_unknown_message_is_a_message(database: Database) -> None:
    """Where the first words never arrived, the edit is all there is, and it is answered."""
    arrival = arrive(database, inbound("hello", "e2", edit_of="e1"))
    assert arrival.fresh
    assert arrival.ready_at
    assert states(database) == [("hello", "received")]


def test_nobody_edits_what_another_said(database: Database) -> None:
    """An edit that names another person's message leaves it as it is and is a message of its own."""
    arrive(database, inbound("my words"))
    arrive(database, inbound("not my words", "e2", Place(account="bot-1", handle="eve"), edit_of="e1"))
    assert [message.text for message in rows(database, Message)] == ["my words", "not my words"]
    assert rows(database, Revision) == []


def test_turn_begins_after_the_quiet(database: Database) -> None:
    """A single message is ready when nothing came for the quiet time."""
    assert arrive(database, inbound()).ready_at == later(0.6)
    assert conversation(database).ready_at == later(0.6)


def test_burst_moves_the_turn_up_to_its_limit(database: Database) -> None:
    """Each further message puts the turn off by the quiet time, but never past the length of a burst."""
    expected = {0: 0.6, 0.5: 1.1, 1: 1.6, 3.9: 4}
    found = {at: arrive(database, inbound(event=f"e{at}"), later(at)).ready_at for at in expected}
    assert found == {at: later(ready) for at, ready in expected.items()}


def test_burst_counts_from_the_first_unhandled_message(database: Database) -> None:
    """What was handled before is no part of the burst."""
    answer(database, inbound(), "hello")
    assert arrive(database, inbound(event="e2"), later(30)).ready_at == later(30.6)


def test_choice_is_ready_at_once(database: Database) -> None:
    """Nobody presses a button and goes on writing: its turn begins now."""
    assert arrive(database, inbound(choice="human")).ready_at == NOW


def test_message_opens_a_closed_conversation(database: Database) -> None:
    """Whoever writes after the end waits for an answer again."""
    answer(database, inbound(), "hello")
    assert conversation(database).status is Status.WAITING
    arrive(database, inbound(event="e2"))
    assert conversation(database).status is Status.OPEN


def test_voucher_verifies_the_address(database: Database) -> None:
    """Who vouches and since when stands with the address; the tier and the rest with the contact."""
    arrive(database, inbound(name="Ann"))
    arrive(database, inbound(event="e2", **VOUCHED), later(1))
    arrive(database, inbound(event="e3", **VOUCHED), later(2))
    (address,), (contact,) = rows(database, Address), rows(database, Contact)
    assert (address.name, address.verified_by, address.verified_at) == ("Ann", "shop", later(1))
    assert (contact.tier, contact.attributes) == ("vip", VOUCHED["attributes"])


def test_claims_without_a_voucher_count_for_nothing(database: Database) -> None:
    """Attributes nobody vouches for give no tier, and take none away."""
    arrive(database, inbound(attributes={"tier": "vip"}))
    assert rows(database, Contact)[0].tier == ""
    arrive(database, inbound(event="e2", **VOUCHED))
    arrive(database, inbound(event="e3", attributes={"tier": "plain"}))
    assert rows(database, Contact)[0].tier == "vip"


def test_files_belong_to_their_message(database: Database) -> None:
    """A kept file is found with its message and conversation; a redelivery adds no second one."""
    kept = KeptFile("proof.png", "image/png", 3, "ab" * 32)
    arrival = arrive(database, inbound(), files=[kept])
    arrive(database, inbound(), files=[kept])
    (file,) = rows(database, File)
    assert (file.message_id, file.conversation_id) == (arrival.message_id, arrival.conversation_id)
    assert KeptFile(file.name, file.media_type, file.size, file.sha256) == kept


def test_cursor_is_kept_by_channel_and_account(database: Database) -> None:
    """A cursor is what was kept last for exactly this channel and account, None before."""
    assert database.transact(inbox.cursor, "memory", "bot-1") is None
    for channel, account, value in [("memory", "bot-1", "7"), ("memory", "bot-2", "8"), ("memory", "bot-1", "9")]:
        database.transact(inbox.keep_cursor, channel, account, value)
    assert database.transact(inbox.cursor, "memory", "bot-1") == "9"
    assert database.transact(inbox.cursor, "memory", "bot-2") == "8"
    assert database.transact(inbox.cursor, "other", "bot-1") is None


def test_event_delivered_by_eight_at_once_is_one_message(postgres: Database) -> None:
    """Eight transactions storing one event at the same moment, its person new, end as one message, fresh once."""
    for round_ in range(10):
        place = Place(account="bot-1", handle=f"visitor-{round_}")
        said = inbound(event=f"e{round_}", place=place)
        barrier = Barrier(8)

        def deliver(_: int) -> inbox.Arrival:
            barrier.wait()  # noqa: B023 - all of a round are done before the next begins
            return postgres.transact(inbox.receive, "memory", said, (), PACE, NOW)  # noqa: B023

        with ThreadPoolExecutor(8) as threads:
            arrivals = list(threads.map(deliver, range(8)))
        assert len({arrival.message_id for arrival in arrivals}) == 1
        assert sum(arrival.fresh for arrival in arrivals) == 1
    assert len(rows(postgres, Message)) == len(rows(postgres, Address)) == len(rows(postgres, Conversation)) == 10
