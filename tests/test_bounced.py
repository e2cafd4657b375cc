"""Word that a message did not arrive after all: it counts for our own messages, once, and the ticket hears of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.conversation import Content, Conversations
from bot.files import Files
from bot.host import LONGEST_REASON, ChannelHost
from bot.redaction import MARKS, Secret
from bot.settings import Settings
from bot.states import States
from bot.store import handling, outbox
from bot.store.database import Database
from bot.store.outbox import Dispatch
from bot.store.tables import Message, MessageState, TicketEvent
from channels.memory import Memory
from tests.floor import Mind
from tests.samples import NOW, answer, escalated, inbound, later, notice, rows, states, timeline


@pytest.fixture
def host(database: Database, content: Content, settings: Settings, tmp_path: Path) -> ChannelHost:
    """A host of the memory channel on each database."""
    channel = Memory()
    talks = Conversations(database, content, Mind(), settings, {"memory": channel})
    states = States(database)
    return ChannelHost(channel, database, talks, Files(tmp_path), lambda *_: None, settings, states, key=b"key")


def claimed(database: Database) -> Dispatch:
    """The next message, on its way."""
    (dispatch,) = database.transact(outbox.claim, ["memory"], later(60), 10)
    return dispatch


def sent(database: Database) -> int:
    """The id of the next message, which the platform has taken."""
    dispatch = claimed(database)
    database.transact(outbox.part_sent, dispatch.message.id, 0, "p1", last=True, now=NOW)
    return dispatch.message.id


def last(database: Database) -> Message:
    return rows(database, Message)[-1]


async def test_bounced_answer_is_failed_on_its_ticket(database: Database, host: ChannelHost) -> None:
    """The message is failed with the platform's reason, the timeline says so, and a second report changes nothing."""
    ticket = escalated(database)
    sent(database)
    database.transact(handling.reply, ticket.number, "Anna", "Hello", notice, NOW)
    sent(database)
    message_id = sent(database)
    for _ in range(2):
        await host.bounced("bot-1", f"{message_id}.0", "550 5.1.1 User unknown")
    assert (last(database).text, last(database).state) == ("Hello", MessageState.FAILED)
    assert last(database).error == "550 5.1.1 User unknown"
    told = [event.detail for event in rows(database, TicketEvent) if event.kind == "failed"]
    assert told == [{"message": message_id, "error": "550 5.1.1 User unknown", "parts_sent": 1}]


async def test_bounce_needs_no_ticket(database: Database, host: ChannelHost) -> None:
    """A reply of the bot's that nobody escalated is visible as failed all the same."""
    answer(database, inbound(), "hello")
    await host.bounced("bot-1", f"{sent(database)}.0", "gone")
    assert states(database)[-1] == ("hello", "failed")
    assert timeline(database) == []


async def test_late_bounce_is_told_to_the_ticket_of_its_day(database: Database, host: ChannelHost) -> None:
    """Days later the ticket may be over: it is told all the same, and one that was opened since is not needed."""
    ticket = escalated(database)
    message_id = sent(database)
    database.transact(handling.hand_back, ticket.number, "Anna", "solved", notice, later(10))
    await host.bounced("bot-1", f"{message_id}.0", "mailbox full")
    assert timeline(database)[-1] == ("frontdesk", "failed")


async def test_bounce_of_what_came_after_the_ticket_is_not_its(database: Database, host: ChannelHost) -> None:
    """What the bot said after a ticket was over is none of its business."""
    ticket = escalated(database)
    sent(database)
    database.transact(handling.hand_back, ticket.number, "Anna", "solved", notice, later(10))
    sent(database)
    answer(database, inbound(event="e2"), "a new answer", now=later(20))
    await host.bounced("bot-1", f"{sent(database)}.0", "mailbox full")
    assert states(database)[-1] == ("a new answer", "failed")
    assert timeline(database)[-1] == ("Anna", "solved")


@pytest.mark.parametrize("key", ["1.0", "99.0", "999999999.0", "", "x", "2", "-2.0", "２.0", "2.0\n", "9" * 30 + ".0"])
async def test_unknown_key_is_harmless(database: Database, host: ChannelHost, key: str) -> None:
    """What names no message of ours, or one of the person's own, changes nothing."""
    answer(database, inbound(), "hello")
    sent(database)
    await host.bounced("bot-1", key, "gone")
    assert [state for _, state in states(database)] == ["handled", "sent"]


async def test_another_account_is_another_platform(database: Database, host: ChannelHost) -> None:
    """Neither another account nor another channel can fail a message."""
    answer(database, inbound(), "hello")
    message_id = sent(database)
    await host.bounced("bot-2", f"{message_id}.0", "gone")
    assert not database.transact(outbox.bounced, "other", "bot-1", message_id, "gone", NOW)
    assert last(database).state is MessageState.SENT


async def test_bounce_that_is_faster_than_we_are(database: Database, host: ChannelHost) -> None:
    """Word that comes while the message still counts as being sent is not forgotten when the sending ends."""
    answer(database, inbound(), "hello")
    dispatch = claimed(database)
    await host.bounced("bot-1", f"{dispatch.message.id}.0", "gone")
    database.transact(outbox.part_sent, dispatch.message.id, 0, "p1", last=True, now=NOW)
    database.transact(outbox.give_up, dispatch.message.id, MessageState.UNKNOWN, "no answer", NOW)
    assert (last(database).state, last(database).error) == (MessageState.FAILED, "gone")


async def test_what_was_never_sent_cannot_bounce(database: Database, host: ChannelHost) -> None:
    """A message that waits is sent, whatever anybody says of it."""
    answer(database, inbound(), "hello")
    await host.bounced("bot-1", f"{last(database).id}.0", "gone")
    assert last(database).state is MessageState.QUEUED


async def test_reason_is_text_without_secrets(database: Database, host: ChannelHost) -> None:
    """What the other side says is cleaned, redacted and short."""
    answer(database, inbound(), "hello")
    await host.bounced("bot-1", f"{sent(database)}.0", "no\x00 card 4111 1111 1111 1111\x1b[31m " + "x" * 5000)
    error = last(database).error
    assert error
    assert error.startswith(f"no card {MARKS[Secret.CARD]}[31m x")
    assert len(error) == LONGEST_REASON
