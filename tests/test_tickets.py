"""What agents do, with the words users are told and the silence they are promised."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.conversation import Content
from bot.errors import NotFound, Refused
from bot.store import outbox
from bot.store.database import Database, Session
from bot.store.tables import Conversation, Message, TicketState
from bot.tickets import LONGEST_TEXT, Tickets
from channels.words import Author, Owner
from tests.samples import NOW, conversation, escalated, rows, states, timeline, until


@pytest.fixture
def tickets(database: Database, content: Content) -> Tickets:
    """An agent's desk; a message of the bot may be on its way for long."""
    return Tickets(database, content.answers, patience=20)


def told(database: Database) -> str:
    """The newest message."""
    return rows(database, Message)[-1].text


def sending(database: Database) -> int:
    """The bot's word on the ticket is being sent; its id."""
    (dispatch,) = database.transact(outbox.claim, ["memory"], NOW, 10)
    return dispatch.message.id


@pytest.mark.parametrize(
    ("language", "joined"),
    [("en", "Anna from Example Exchange is with you now."), ("zh", "Anna")],
)
async def test_user_is_told_who_answers(
    database: Database, tickets: Tickets, content: Content, language: str, joined: str
) -> None:
    """Taking tells the user in the conversation's language that the agent is there, by name."""
    ticket = escalated(database)
    database.transact(_speak, language)
    await tickets.take(ticket.number, "Anna")
    assert told(database) == content.answers.sentence("agent_joined", language, agent="Anna")
    assert joined in told(database)


async def test_takeover_waits_for_the_last_word(database: Database, tickets: Tickets) -> None:
    """Taking returns only when the bot's message that was being sent has left; by then the owner has changed."""
    ticket = escalated(database)
    message_id = sending(database)
    taking = asyncio.create_task(tickets.take(ticket.number, "Anna"))
    await _until_taken(database)
    done, _ = await asyncio.wait([taking], timeout=0.1)
    assert not done
    await database.run(outbox.part_sent, message_id, 0, "p1", last=True, now=NOW)
    await taking


async def test_reply_waits_for_the_last_word(database: Database, tickets: Tickets) -> None:
    """An answer that takes the ticket waits as taking does, and is queued behind the bot's last word."""
    ticket = escalated(database)
    message_id = sending(database)
    replying = asyncio.create_task(tickets.reply(ticket.number, "Anna", "Which coin?"))
    await _until_taken(database)
    done, _ = await asyncio.wait([replying], timeout=0.1)
    assert not done
    await database.run(outbox.part_sent, message_id, 0, "p1", last=True, now=NOW)
    await replying
    assert rows(database, Message)[-1].author is Author.AGENT


async def test_patience_has_an_end(database: Database, content: Content) -> None:
    """Where the bot's message hangs, the agent has the ticket and is told that silence is not yet certain."""
    impatient = Tickets(database, content.answers, patience=0.05)
    ticket = escalated(database)
    sending(database)
    with pytest.raises(Refused, match="the ticket is yours, but a message of the bot is still being sent"):
        await impatient.take(ticket.number, "Anna")
    (found,) = await impatient.list()
    assert found.assignee == "Anna"


async def test_second_take_waits_again(database: Database, content: Content, tickets: Tickets) -> None:
    """Whoever was refused for impatience may take again, and then waits for the same message."""
    ticket = escalated(database)
    message_id = sending(database)
    with pytest.raises(Refused):
        await Tickets(database, content.answers, patience=0.01).take(ticket.number, "Anna")
    again = asyncio.create_task(tickets.take(ticket.number, "Anna"))
    done, _ = await asyncio.wait([again], timeout=0.1)
    assert not done
    await database.run(outbox.part_sent, message_id, 0, "p1", last=True, now=NOW)
    await again


@pytest.mark.parametrize(
    "text", ["", "  \n ", "\x00\x07", "x" * (LONGEST_TEXT + 1)], ids=["empty", "blank", "controls", "long"]
)
async def test_unusable_text_is_refused(database: Database, tickets: Tickets, text: str) -> None:
    """Nothing empty and nothing endless is sent or noted, and the ticket is not taken for it."""
    ticket = escalated(database)
    before = states(database), timeline(database)
    with pytest.raises(Refused):
        await tickets.reply(ticket.number, "Anna", text)
    with pytest.raises(Refused):
        await tickets.note(ticket.number, "Anna", text)
    assert (states(database), timeline(database)) == before


async def test_text_is_cleaned(database: Database, tickets: Tickets) -> None:
    """An agent's text loses what no database and no platform takes, and keeps lines and every language."""
    ticket = escalated(database)
    await tickets.reply(ticket.number, "Anna", " 您好,\x00Ann\x1b[31m\u202e!\nline\ttwo \ud800 ")
    assert told(database) == "您好,Ann[31m!\nline\ttwo ?"


async def test_release_tells_the_user(database: Database, tickets: Tickets, content: Content) -> None:
    """The user hears that the bot answers again, and how to reach a human."""
    ticket = escalated(database)
    await tickets.release(ticket.number, "Anna")
    assert told(database) == content.answers.sentence("bot_back", "en")


async def test_solve_tells_the_number(database: Database, tickets: Tickets) -> None:
    """The user hears which ticket is solved, however the agent wrote its number."""
    ticket = escalated(database)
    await tickets.solve(f" {ticket.number.lower()} ", "Anna")
    assert ticket.number in told(database)
    assert [found.state for found in await tickets.list([TicketState.SOLVED])] == [TicketState.SOLVED]


async def test_unknown_number_is_not_found(tickets: Tickets) -> None:
    """Each thing an agent may do says so where there is no such ticket."""
    for act in (
        tickets.show("FD-7"),
        tickets.take("FD-7", "Anna"),
        tickets.reply("FD-7", "Anna", "Hello"),
        tickets.note("FD-7", "Anna", "x"),
        tickets.solve("FD-7", "Anna"),
        tickets.release("FD-7", "Anna"),
    ):
        with pytest.raises(NotFound):
            await act


async def test_show_is_the_whole_ticket(database: Database, tickets: Tickets) -> None:
    """An agent sees the talk and what was done, notes included."""
    ticket = escalated(database)
    await tickets.note(ticket.number, "Ben", "VIP")
    view = await tickets.show(ticket.number)
    assert [said.message.text for said in view.said] == ["a human!", "Your ticket is FD-1001"]
    assert [(event.kind, event.detail.get("text")) for event in view.events] == [("opened", None), ("note", "VIP")]


async def _until_taken(database: Database) -> None:
    await until(lambda: conversation(database).owner is Owner.AGENT)


def _speak(session: Session, language: str) -> None:
    session.get_one(Conversation, 1).language = language


async def test_hanging_message_does_not_undo_a_reply(database: Database, content: Content) -> None:
    """Where the bot's message hangs a reply is queued behind it and counts as given: else it would be said twice."""
    impatient = Tickets(database, content.answers, patience=0.05)
    ticket = escalated(database)
    sending(database)
    with capture_logs() as logs:
        await impatient.reply(ticket.number, "Anna", "Which coin?")
    assert told(database) == "Which coin?"
    assert [line["event"] for line in logs] == ["bot_not_silent_yet", "ticket_replied"]
