"""Whatever goes wrong during a turn, a human gets the message, and nothing is lost or answered twice."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import bot.store.database
import bot.worker
from bot.answers import Answers
from bot.conversation import Content, now
from bot.errors import UnderstandingDown
from bot.settings import Settings
from bot.store import handling
from bot.store.database import Database, Session
from bot.store.tables import Conversation, Ticket
from channels.words import Owner, Place, Signal
from tests.floor import BOB, Floor, Mind, at_work, floor_of, replies, until_handled
from tests.samples import answer, conversation, escalated, inbound, notice, rows, states, take, timeline, until

pytestmark = pytest.mark.usefixtures("quick")


async def test_rasa_down_is_told_and_ticketed(floor: Floor, mind: Mind, content: Content) -> None:
    """Where Rasa does not answer the user hears the truth with a ticket's number, and a human gets the message."""

    async def down(_: str) -> None:
        raise UnderstandingDown("refused")

    mind.before = down
    floor.hear(inbound("where is my money please"))
    await until_handled(floor.database, 1)
    (ticket,) = rows(floor.database, Ticket)
    assert (ticket.reason, conversation(floor.database).owner) == ("down", Owner.QUEUE)
    (reply,) = replies(floor.database)
    truth = content.answers.sentence("escalated_down", "en", ticket=ticket.number, when="within 4 hours")
    assert reply.startswith(truth)


async def test_fault_is_told_and_ticketed(floor: Floor, mind: Mind, content: Content) -> None:
    """A bug in a handler ends at a human too: truth, ticket, the message handled, the others unharmed."""

    async def fault(text: str) -> None:
        if text == "poison":
            raise ZeroDivisionError("a bug")

    mind.before = fault
    with capture_logs() as logs:
        floor.hear(inbound("poison"))
        floor.hear(inbound("from bob", "e2", BOB))
        await until_handled(floor.database, 2)
    (ticket,) = rows(floor.database, Ticket)
    assert (ticket.reason, ticket.title) == ("fault", "poison")
    truth = content.answers.sentence("escalated_fault", "en", ticket=ticket.number, when="within 4 hours")
    assert truth in replies(floor.database)
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["turn_fault"]


async def test_fault_while_an_agent_answers_is_silent(floor: Floor) -> None:
    """Where a human has the conversation even a bug of ours says nothing: the message reaches the ticket."""
    ticket = escalated(floor.database)
    take(floor.database, ticket.number)
    before = replies(floor.database)
    floor.database.transact(_break_dialogue)
    floor.hear(inbound("are you there?", "e2"))
    await until_handled(floor.database, 2)
    assert replies(floor.database) == before
    assert timeline(floor.database)[-1] == ("user", "message")
    assert conversation(floor.database).owner is Owner.AGENT


async def test_fault_of_the_fault_is_retried(
    sqlite: Database, content: Content, settings: Settings, mind: Mind
) -> None:
    """Where not even a ticket can be opened the message stays, is logged, and is answered once that is mended."""
    said = content.answers.said
    speechless = Answers("Example Exchange", ["en", "zh"])
    speechless.said = {language: dict(sentences) for language, sentences in said.items()}
    for language in said:
        speechless.said[language].pop("utter_frontdesk_escalated_fault")
        speechless.said[language].pop("utter_withdrawal_time")

    async def fault(_: str) -> None:
        if len(mind.asked) < 3:
            raise ZeroDivisionError("a bug")
        speechless.said = said

    mind.before = fault
    floor = floor_of(sqlite, Content(speechless, content.policy, content.languages), settings, mind)
    with capture_logs() as logs:
        async with at_work(floor):
            floor.hear(inbound("where is my withdrawal"))
            await until_handled(sqlite, 1)
    assert "turn_lost" in [line["event"] for line in logs]
    assert len(mind.asked) == 3
    assert len(replies(sqlite)) == 1


async def test_locked_database_loses_nothing(
    sqlite: Database,
    content: Content,
    settings: Settings,
    mind: Mind,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A database locked by another process when a turn ends puts the turn off; it is answered once, when it is free."""
    monkeypatch.setattr(bot.store.database, "LOCK_PATIENCE", 0.05)
    database = Database(sqlite.url)
    other = sqlite3.connect(tmp_path / "frontdesk.db", isolation_level=None)

    async def lock(_: str) -> None:
        if len(mind.asked) == 1:
            other.execute("BEGIN IMMEDIATE")

    mind.before = lock
    with capture_logs() as logs:
        async with at_work(floor_of(database, content, settings, mind)) as floor:
            floor.hear(inbound("how long does it take"))
            await until(lambda: any(line.get("doing") == "a turn" for line in logs))
            other.execute("COMMIT")
            await until_handled(database, 1)
    other.close()
    database.close()
    assert len(mind.asked) >= 2
    assert len(replies(sqlite)) == 1


async def test_takeover_during_a_turn_silences_it(floor: Floor, mind: Mind) -> None:
    """An agent who takes over while the bot thinks gets the message; the bot's answer is never written."""
    answer(floor.database, inbound("hello"), "hi")
    ticket = escalated(floor.database, inbound("human", "e2"))
    floor.database.transact(_back_to_the_bot, ticket.number)

    async def taken(_: str) -> None:
        take(floor.database, ticket.number)

    mind.before = taken
    before = len(replies(floor.database))
    floor.hear(inbound("how long does it take", "e3"))
    await until_handled(floor.database, 3)
    assert replies(floor.database)[before:] == ["notice in en"]
    assert timeline(floor.database)[-1] == ("user", "message")
    assert mind.asked == ["how long does it take"]


async def test_stop_finishes_the_turn(sqlite: Database, content: Content, settings: Settings, mind: Mind) -> None:
    """A worker told to stop ends the turns it began and begins no other; what waits is left for the next start."""
    gate = asyncio.Event()

    async def hold(_: str) -> None:
        await gate.wait()

    mind.before = hold
    floor = floor_of(sqlite, content, settings, mind)
    task = asyncio.create_task(floor.worker.run())
    floor.hear(inbound("one"))
    await until(lambda: mind.asked)
    floor.hear(inbound("two", "e2", choice="human"))
    task.cancel()
    await asyncio.sleep(0)
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.05)
    assert mind.asked == ["one"]
    assert [state for _, state in states(sqlite)] == ["handled", "received", "queued"]


async def test_user_sees_somebody_typing(floor: Floor, mind: Mind, monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn that takes its time shows the user that somebody types, but not where a human answers."""
    monkeypatch.setattr(bot.worker, "BEFORE_TYPING", 0)

    async def slow(_: str) -> None:
        await until(lambda: floor.shown)

    mind.before = slow
    floor.hear(inbound("how long does it take"))
    await until_handled(floor.database, 1)
    escalated(floor.database, inbound("human", "e2", BOB))
    floor.hear(inbound("hello?", "e3", BOB))
    await until_handled(floor.database, 3)
    assert floor.shown == [("memory", Place(account="bot-1", handle="ann"), Signal.TYPING)]


def _break_dialogue(session: Session) -> None:
    session.get_one(Conversation, 1).dialogue = {"facts": "not a mapping"}


def _back_to_the_bot(session: Session, number: str) -> None:
    handling.hand_back(session, number, "Anna", "released", notice, now())
