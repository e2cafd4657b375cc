"""An answer can be taken back while it is held, and sent again where it did not arrive; nothing is said twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.errors import NotFound, Refused
from bot.store import handling, outbox, ticketing, unsending
from bot.store.database import Database, Session
from bot.store.inbox import KeptFile
from bot.store.tables import File, Message, MessageState, Status, Ticket, TicketEvent, TicketState
from channels.words import Place
from tests.samples import NOW, arrive, conversation, escalated, inbound, later, notice, rows, take, timeline

HOLD = timedelta(seconds=10)


def reply(database: Database, text: str = "Which coin?", at: datetime = NOW, hold: timedelta = HOLD) -> int:
    """Anna's answer, held; its id."""
    return database.transact(handling.reply, "FD-1001", "Anna", text, notice, at, hold=hold).message_id


def undo(database: Database, message_id: int, agent: str = "Anna") -> str:
    """Taken back."""
    return database.transact(unsending.undo_reply, "FD-1001", agent, message_id, later(5))


def standing(database: Database) -> tuple[Any, ...]:
    """What an answer changes of its ticket."""
    (ticket,) = rows(database, Ticket)
    return ticket.state, ticket.waiting_since, ticket.first_response_at, conversation(database).status


def send_all(database: Database, at: datetime) -> list[str]:
    """Everything that may be sent then, sent; its texts."""
    sent = []
    while due := database.transact(outbox.claim, ["memory"], at, 10):
        for dispatch in due:
            sent.append(dispatch.message.text)
            database.transact(outbox.part_sent, dispatch.message.id, 0, "p", last=True, now=at)
    return sent


def end(database: Database, message_id: int, state: MessageState) -> None:
    """The message came to a bad end."""
    send_all(database, NOW)
    database.transact(outbox.claim, ["memory"], later(20), 10)
    database.transact(outbox.give_up, message_id, state, "blocked", later(20))


def test_held_answer_waits_and_then_leaves(database: Database) -> None:
    """It is sent when its time has come, and not before."""
    escalated(database)
    reply(database)
    assert "Which coin?" not in send_all(database, later(9))
    assert send_all(database, later(10)) == ["Which coin?"]


def test_undone_answer_is_never_sent(database: Database) -> None:
    """Its text comes back, the ticket stands as before it, and the timeline says so."""
    escalated(database)
    take(database, "FD-1001")
    before = standing(database)
    message_id = reply(database)
    assert standing(database) == (TicketState.PENDING, None, NOW, Status.WAITING)
    assert undo(database, message_id) == "Which coin?"
    assert "Which coin?" not in send_all(database, later(60))
    assert rows(database, Message)[-1].state is MessageState.WITHHELD
    assert standing(database) == before
    (line,) = [line for line in rows(database, TicketEvent) if line.kind == "unsent"]
    assert (line.actor, line.detail) == ("Anna", {"message": message_id})


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first first", "last first"])
def test_of_two_answers_undone_none_is_left(database: Database, order: tuple[int, int]) -> None:
    """Whichever is taken back first, the user still waits for us since they wrote."""
    escalated(database)
    take(database, "FD-1001")
    found = [reply(database, text) for text in ("one", "two")]
    for which in order:
        undo(database, found[which])
    if order == (1, 0):
        assert standing(database)[:3] == (TicketState.OPEN, NOW, None)
    assert {"one", "two"}.isdisjoint(send_all(database, later(60)))


def test_what_the_user_wrote_meanwhile_counts(database: Database) -> None:
    """A message that came while the answer was held keeps its time when that is taken back."""
    escalated(database)
    message_id = reply(database)
    arrival = arrive(database, inbound("and?", "e2"), later(3))
    database.transact(ticketing.file_under, arrival.conversation_id, arrival.message_id, later(3))
    undo(database, message_id)
    assert standing(database)[:3] == (TicketState.OPEN, later(3), None)


def test_sent_answer_cannot_be_taken_back(database: Database) -> None:
    """Nor one that is another agent's, nor the user's own message, nor one of another ticket."""
    escalated(database)
    escalated(database, inbound(event="e2", place=Place(account="bot-1", handle="bob")))
    message_id = reply(database)
    with pytest.raises(Refused, match="is not your answer"):
        undo(database, message_id, "Ben")
    for other in (1, 3, 0, 10**12):
        with pytest.raises(NotFound):
            undo(database, other)
    send_all(database, later(10))
    with pytest.raises(Refused, match="is sent: it cannot be taken back"):
        undo(database, message_id)
    assert ("Anna", "unsent") not in timeline(database)


def test_answer_carries_its_files(database: Database) -> None:
    """Files of an agent are those of the message, as files that came in are."""
    escalated(database)
    kept = KeptFile("guide.pdf", "application/pdf", 9, "ab" * 32)
    database.transact(handling.reply, "FD-1001", "Anna", "", notice, NOW, [kept])
    send_all(database, NOW - HOLD)
    (file,) = rows(database, File)
    assert (file.message_id, file.name, file.size) == (rows(database, Message)[-1].id, "guide.pdf", 9)


@pytest.mark.parametrize("state", [MessageState.FAILED, MessageState.UNKNOWN])
def test_what_did_not_arrive_is_sent_again(database: Database, state: MessageState) -> None:
    """As new, with all its tries, and the line names what it was; what may have arrived only for who is sure."""
    escalated(database)
    message_id = reply(database, hold=timedelta(0))
    end(database, message_id, state)

    def retry(*, sure: bool) -> None:
        database.transact(unsending.retry, "FD-1001", "Ben", message_id, later(30), sure=sure)

    if state is MessageState.UNKNOWN:
        with pytest.raises(Refused, match="may have arrived"):
            retry(sure=False)
    retry(sure=state is MessageState.UNKNOWN)
    with pytest.raises(Refused, match="is queued"):
        retry(sure=True)
    assert send_all(database, later(30)) == ["Which coin?"]
    line = next(line for line in rows(database, TicketEvent) if line.kind == "retried")
    assert (line.actor, line.detail) == ("Ben", {"message": message_id, "from": state.value})
    with pytest.raises(Refused, match="is sent"):
        retry(sure=True)


def test_overtaken_words_of_the_bot_are_not_sent_again(database: Database) -> None:
    """A bot's message that failed before a human took over stays failed: the bot has said its last word."""
    escalated(database)
    (dispatch,) = database.transact(outbox.claim, ["memory"], NOW, 10)
    database.transact(outbox.give_up, dispatch.message.id, MessageState.FAILED, "blocked", NOW)
    take(database, "FD-1001")
    with pytest.raises(Refused, match="the bot's from before"):
        database.transact(unsending.retry, "FD-1001", "Anna", dispatch.message.id, NOW)


def test_parts_that_arrived_are_not_sent_twice(database: Database) -> None:
    """A long answer goes on from the part that failed."""
    escalated(database)
    message_id = reply(database, hold=timedelta(0))
    send_first_part(database, message_id)
    database.transact(unsending.retry, "FD-1001", "Anna", message_id, later(30))
    (dispatch,) = database.transact(outbox.claim, ["memory"], later(30), 10)
    assert (dispatch.message.id, dispatch.message.parts_sent, dispatch.message.attempts) == (message_id, 1, 1)


def send_first_part(database: Database, message_id: int) -> None:
    """Of several the first arrived, and the next failed."""

    def work(session: Session) -> None:
        message = session.get_one(Message, message_id)
        message.state, message.parts_sent = MessageState.SENDING, 1
        outbox.give_up(session, message_id, MessageState.FAILED, "blocked", NOW)

    while due := database.transact(outbox.claim, ["memory"], NOW, 10):
        for dispatch in due:
            if dispatch.message.id != message_id:
                database.transact(outbox.part_sent, dispatch.message.id, 0, "p", last=True, now=NOW)
            else:
                database.transact(work)
