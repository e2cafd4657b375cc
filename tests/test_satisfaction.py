"""How it was: asked once, answered with a button, a figure or a word, and never taken for something else."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import update

import bot.satisfaction
from bot.app import App
from bot.conversation import Content, now
from bot.errors import StorageDown
from bot.outside_sections import SatisfactionSection
from bot.satisfaction import Satisfaction
from bot.scores import Scores, choices
from bot.settings import Settings
from bot.store import handling, ratings, ticketing
from bot.store.database import Database
from bot.store.rating_tables import Rating
from bot.store.ratings import Question, Rated
from bot.store.tables import Conversation, Message, Ticket, TicketState
from channels.memory import Memory
from channels.words import Choice, Limits, Outbound, Owner
from tests.samples import ANN, NOW, arrive, conversation, escalated, inbound, later, notice, rows, timeline, until
from tests.test_conversation import ROOT, Talk

WINDOW = (later(-3600), later(3600))


def solved(database: Database, *, answered: bool = True, public: bool = False) -> Ticket:
    """A ticket that an agent answered and solved at `NOW`."""
    ticket = escalated(database, inbound("a human!", place=replace(ANN, public=public)))
    if answered:
        database.transact(handling.reply, ticket.number, "Anna", "Hello", notice, NOW)
    database.transact(handling.hand_back, ticket.number, "Anna", "solved", notice, NOW)
    return ticket


def question(ticket_id: int, language: str | None) -> Question:
    return Question(f"How was {ticket_id}?", language or "en", [Choice(title="Good", payload=f"rate:{ticket_id}:4")])


def ask(database: Database, ticket: Ticket) -> bool:
    return database.transact(ratings.ask, ticket.id, question, later(300))


def candidates(database: Database) -> list[int]:
    return list(database.transact(ratings.candidates, ["memory"], *WINDOW, 10))


def change(database: Database, **values: object) -> None:
    """The only ticket becomes so."""
    database.transact(lambda session: session.execute(update(Ticket).values(**values)))


def test_it_is_asked_once(database: Database) -> None:
    """Where the user was told that it is solved; not again after it was reopened and solved anew."""
    ticket = solved(database)
    assert candidates(database) == [ticket.id]
    assert ask(database, ticket)
    last = rows(database, Message)[-1]
    assert (last.text, last.author, last.choices[0]["payload"]) == ("How was 1?", "bot", "rate:1:4")
    assert conversation(database).dialogue == {"rating": 1}
    assert candidates(database) == []
    assert not ask(database, ticket)
    assert rows(database, Message)[-1].id == last.id
    (row,) = rows(database, Rating)
    assert (row.agent, row.channel, row.asked_at, row.score) == ("Anna", "memory", later(300), None)


def _merged(database: Database) -> None:
    change(database, merged_into_id=7)


def _spam(database: Database) -> None:
    change(database, tags=["spam"])


def _written_on(database: Database) -> None:
    arrive(database, inbound("one more thing", "e9"), later(60))


def _unhandled(database: Database) -> None:
    _written_on(database)
    database.transact(lambda session: session.execute(update(Message).values(created_at=NOW)))


def _with_a_human(database: Database) -> None:
    database.transact(lambda session: session.execute(update(Conversation).values(owner=Owner.QUEUE)))


@pytest.mark.parametrize("why_not", [_merged, _spam, _written_on, _unhandled, _with_a_human])
def test_some_are_never_asked(database: Database, why_not: object) -> None:
    """Of what was merged or is spam, who wrote on, whom a human has: it is decided once, and nothing is said."""
    ticket = solved(database)
    assert callable(why_not)
    why_not(database)
    before = len(rows(database, Message))
    assert not ask(database, ticket)
    assert candidates(database) == []
    assert len(rows(database, Message)) == before
    assert rows(database, Rating)[0].asked_at is None


@pytest.mark.parametrize(("answered", "public"), [(False, False), (True, True)])
def test_nobody_is_asked_about_nothing_or_in_public(database: Database, *, answered: bool, public: bool) -> None:
    """Who heard no human has nothing to say about one; what others read is no place for it."""
    assert not ask(database, solved(database, answered=answered, public=public))


def test_only_what_was_solved_lately_on_our_channels_is_looked_at(database: Database) -> None:
    """And is still solved."""
    ticket = solved(database)
    assert database.transact(ratings.candidates, ["other"], *WINDOW, 10) == []
    assert database.transact(ratings.candidates, ["memory"], later(1), later(9), 10) == []
    change(database, state=TicketState.OPEN)
    assert candidates(database) == []
    assert not ask(database, ticket)
    assert rows(database, Rating) == []


def test_a_score_is_kept_and_told(database: Database) -> None:
    """The last one counts; a comment changes no score, and reports find it by when it was given."""
    ticket = solved(database)
    ask(database, ticket)
    for rated in (Rated(1, 2), Rated(1, 5), Rated(1, 5), Rated(1, comment="fast" + "!" * 3000), Rated(9, 1)):
        database.transact(ratings.rate, rated, later(400))
    (row,) = database.transact(ratings.ratings, later(400), later(401))
    assert (row.score, len(row.comment), row.ticket_id) == (5, ratings.LONGEST_COMMENT, ticket.id)
    assert timeline(database)[-2:] == [("user", "rated"), ("user", "rated")]
    assert database.transact(ratings.ratings, later(401), later(900)) == []
    assert database.transact(ratings.asked, *WINDOW) == 1
    assert database.transact(ratings.rating_of, ticket.id) is not None
    assert database.transact(ticketing.find, ticket.number).state is TicketState.SOLVED


def test_a_low_score_can_reopen(database: Database) -> None:
    """The ticket is in the queue again and waits from now on, unless another one goes on in its place."""
    ticket = solved(database)
    ask(database, ticket)
    database.transact(ratings.rate, Rated(1, 1, reopens=True), later(400))
    assert timeline(database)[-2:] == [("user", "rated"), ("user", "reopened")]
    assert conversation(database).owner is Owner.QUEUE
    assert database.transact(ticketing.find, ticket.number).waiting_since == later(400)
    database.transact(ratings.rate, Rated(1, 2, reopens=True), later(500))
    assert timeline(database)[-1] == ("user", "rated")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1", (1, "")),
        (" 5 ", (5, "")),
        ("5", (5, "")),
        ("4/5", (4, "")),
        ("4分", (4, "")),
        ("3 stars!", (3, "")),
        ("2, nobody called me", (2, "nobody called me")),
        ("好", (4, "")),
        ("不好", (2, "")),
        ("很好!", (5, "")),
        ("不好,等了三天", (2, "等了三天")),
        ("VERY GOOD", (5, "")),
        ("Good. Anna was kind", (4, "Anna was kind")),
        ("so-so", (3, "")),
        ("0", None),
        ("6", None),
        ("15", None),
        ("2 of my withdrawals are missing", None),
        ("1.5 BTC is missing", None),
        ("good, but how do I withdraw?", None),
        ("好的,怎么提现?", None),
        ("how long does a withdrawal take", None),
        ("my good friend sent 5 BTC", None),
        ("", None),
    ],
)
def test_scores_are_read(content: Content, text: str, read: tuple[int, str] | None) -> None:
    """Figures and words of both languages, with what else is said; and nothing that is about something else."""
    assert Scores(content.answers).read(text) == read


def test_every_word_means_one_score(content: Content) -> None:
    """In all languages together, and each button's payload is its place in the list."""
    for language in ("en", "zh"):
        offered = choices(content.answers, 7, language)
        assert [choice.payload for choice in offered] == [f"rate:7:{score}" for score in range(1, 6)]
        for score, choice in enumerate(offered, 1):
            assert Scores(content.answers).read(choice.title) == (score, "")


@asynccontextmanager
async def running(
    folder: Path, content: Content, migrated: Path, limits: Limits | None = None, **section: object
) -> AsyncIterator[Talk]:
    """A Frontdesk whose loop is not waited for, with a solved ticket of Ann's."""
    shutil.copy(migrated, folder / "frontdesk.db")
    settings = Settings.model_validate(
        {
            "brand": {"name": "Acme"},
            "database": {"url": f"sqlite:///{folder}/frontdesk.db"},
            "conversation": {"quiet_seconds": 0},
            "folders": {"responses": ROOT / "responses", "intents": ROOT / "intents", "var": folder},
            "understanding": {"url": "http://127.0.0.1:9"},
            "satisfaction": {"after_minutes": 0, "enabled": False, **section},
        }
    )
    channel = Memory(limits=limits)
    app = App(settings, content, {"memory": channel}, None)
    stop = asyncio.Event()
    task = asyncio.create_task(app.run(stop))
    talk = Talk(app, channel)
    try:
        await talk.say("agent")
        await app.tickets.reply("FD-1001", "Anna", "Hello")
        await app.tickets.solve("FD-1001", "Anna")
        await sent(talk, 4)
        yield talk
    finally:
        stop.set()
        await task


async def sent(talk: Talk, count: int) -> Outbound:
    """The last of so many messages."""
    async with asyncio.timeout(20):
        return (await talk.channel.until(count))[-1]


async def asks(talk: Talk) -> Outbound:
    """Looks as the loop does, twice and in two processes; the question."""
    before = len(talk.channel.sent)
    await asyncio.gather(talk.app.satisfaction.ask_due(), talk.app.satisfaction.ask_due())
    asked = await sent(talk, before + 1)
    await talk.app.satisfaction.ask_due()
    assert len(talk.channel.sent) == before + 1
    return asked


@pytest.fixture
async def talk(tmp_path: Path, content: Content, migrated_sqlite: Path) -> AsyncIterator[Talk]:
    """Ann's ticket is solved."""
    async with running(tmp_path, content, migrated_sqlite) as talk:
        yield talk


def rated(talk: Talk) -> tuple[int | None, str]:
    (row,) = rows(talk.app.database, Rating)
    return row.score, row.comment


async def test_a_button_and_a_comment(talk: Talk) -> None:
    """Both are thanked for, reach the ticket, and are no question to the bot.

    After them it answers as ever: who calls for a human has the ticket opened again.
    """
    asked = await asks(talk)
    assert asked.text.startswith("How did we do")
    [why] = await talk.say("", choice=asked.choices[3].payload)
    assert [choice.payload for choice in why.choices] == ["skip"]
    [thanks] = await talk.say("Anna was quick and kind")
    assert thanks.text == "Thank you, that helps us."
    assert rated(talk) == (4, "Anna was quick and kind")
    assert len(rows(talk.app.database, Ticket)) == 1
    [human] = await talk.say("agent")
    assert human.ticket == "FD-1001"


async def test_words_in_chinese(talk: Talk) -> None:
    """Are a score, with the reason behind them; nothing more is asked then."""
    await asks(talk)
    [thanks] = await talk.say("不好,等了三天")
    assert thanks.choices == ()
    assert rated(talk) == (2, "等了三天")


async def test_numbers_where_there_are_no_buttons(tmp_path: Path, content: Content, migrated_sqlite: Path) -> None:
    """The number typed is the score, and skipping is a number too."""
    async with running(tmp_path, content, migrated_sqlite, Limits(choices=0, numbered=True)) as talk:
        asked = await asks(talk)
        assert "1. Very bad\n2. Bad" in asked.text
        [why] = await talk.say("5")
        assert "1. Skip" in why.text
        [done] = await talk.say("1")
        assert done.text.startswith("All right.")
        assert rated(talk) == (5, "")


async def test_whoever_asks_something_else_is_answered(talk: Talk) -> None:
    """A question is no score and no comment, a call for a human is heard; the button still counts later."""
    asked = await asks(talk)
    [escalated_] = await talk.say("how do I withdraw?")
    assert escalated_.ticket == "FD-1001"
    assert rated(talk) == (None, "")
    await talk.app.tickets.solve("FD-1001", "Anna")
    await sent(talk, 7)
    await talk.say("", choice=asked.choices[0].payload)
    [human] = await talk.say("agent")
    assert human.owner is Owner.QUEUE
    assert rated(talk) == (1, "")


async def test_a_score_for_a_ticket_nobody_asked_about_is_none(talk: Talk) -> None:
    """A forged button is an option that does not exist, and a figure without a question is no score."""
    [forged] = await talk.say("", choice="rate:1:5")
    assert "not available" in forged.text
    assert rows(talk.app.database, Rating) == []


async def test_where_a_human_has_it_the_bot_stays_silent(talk: Talk) -> None:
    """What is pressed then goes to the human, and nobody is thanked."""
    asked = await asks(talk)
    await talk.say("agent")
    before = len(talk.channel.sent)
    await talk.say("", 0, choice=asked.choices[0].payload)
    await talk.app.tickets.take("FD-1001", "Anna")
    await sent(talk, before + 1)
    assert [message.author for message in talk.channel.sent[before:]] == ["system"]
    assert rated(talk) == (None, "")


async def test_a_bad_score_brings_a_human_where_that_is_set(
    tmp_path: Path, content: Content, migrated_sqlite: Path
) -> None:
    """The ticket is open again, and what the user says next reaches it; a better one changes nothing."""
    async with running(tmp_path, content, migrated_sqlite, reopen_up_to=2) as talk:
        await asks(talk)
        [sorry] = await talk.say("2")
        assert "will look at it again" in sorry.text
        assert rows(talk.app.database, Ticket)[0].state is TicketState.OPEN
        await talk.say("it is still not there", 0)
        await until(lambda: timeline(talk.app.database)[-1] == ("user", "message"))


async def test_it_can_be_switched_off(sqlite: Database, content: Content, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the loop looks at nothing; switched on it does not end where the database is away for a moment."""
    faults, find = iter([StorageDown("away")]), ratings.candidates

    def failing(*args: Any) -> Any:
        for fault in faults:
            raise fault
        return find(*args)

    monkeypatch.setattr(ratings, "candidates", failing)
    monkeypatch.setattr(bot.satisfaction, "LOOK", 0.01)
    solved(sqlite)
    recent = update(Ticket).values(solved_at=now() - timedelta(minutes=9))
    sqlite.transact(lambda session: session.execute(recent))
    off = Satisfaction(sqlite, content.answers, ["memory"], SatisfactionSection(enabled=False))
    on = Satisfaction(sqlite, content.answers, ["memory"], SatisfactionSection())
    for part in (off, on):
        task = asyncio.create_task(part.run())
        if part is off:
            for _ in range(5):
                await asyncio.sleep(0)
            assert rows(sqlite, Rating) == []
        else:
            await until(lambda: rows(sqlite, Rating))
        task.cancel()
        await asyncio.wait([task])
    assert next(faults, None) is None
