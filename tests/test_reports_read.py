"""What reports read of the databases is what a slow count finds."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from dataclasses import replace
from datetime import datetime

import pytest
from sqlmodel import select

from bot.errors import StorageDown
from bot.reports.period import Period, days_of
from bot.store import agents, inbox, reporting, talks, wall
from bot.store.agent_tables import Role
from bot.store.database import Database, Session
from bot.store.rating_tables import Rating
from bot.store.reporting import Rated, Wanted
from bot.store.tables import Contact, Conversation, Message, MessageState, Ticket, TicketConversation, TicketState
from channels.words import Author
from tests.reporting import BERLIN, PERIOD, REACHED, history, slowly, wanted
from tests.samples import ANN, NOW, PACE, answer, escalated, escalation, inbound, later, rows


def found(database: Database, **more: str) -> Counter[tuple[object, ...]]:
    """What the database counts."""
    counted: Counter[tuple[object, ...]] = Counter()
    for each in database.transact(talks.talks, wanted(**more)):
        counted[each.date, each.channel, each.language, each.outcome, each.first, each.last] += each.count
    return counted


def expected(database: Database) -> Counter[tuple[object, ...]]:
    """The same from all there is."""
    conversations = {each.id: each for each in rows(database, Conversation)}
    about: dict[int, list[int]] = {}
    for link in rows(database, TicketConversation):
        about.setdefault(link.conversation_id, []).append(link.ticket_id)
    ended = slowly(rows(database, Message), rows(database, Ticket), about)
    counted: Counter[tuple[object, ...]] = Counter(
        (day, conversations[number].channel, conversations[number].language or "", outcome, first, last)
        for number, day, outcome, first, last in ended
    )
    return counted


@pytest.mark.parametrize("seed", range(2))
def test_talks_end_as_a_slow_count_says(database: Database, seed: int) -> None:
    """On random histories over a change of the clocks, narrowed to a channel or a language too, on both databases."""
    history(database, seed, 40)
    counted = expected(database)
    assert found(database) == counted
    assert len(counted) > 20
    assert found(database, channel="email", language="zh") == Counter(
        {key: count for key, count in counted.items() if key[1:3] == ("email", "zh")}
    )


def test_a_category_is_what_the_user_was_understood_to_mean(database: Database) -> None:
    """Talks belong to it by a message of the user, not by one of the bot, nor by another day's."""
    history(database, 7, 40)
    messages = rows(database, Message)
    for message in messages:
        message.intent = None if message.author is Author.USER and message.id % 3 else message.intent
    database.transact(lambda session: [session.merge(message) for message in messages] and None)
    meant = {
        (message.conversation_id, message.created_at.astimezone(BERLIN).date())
        for message in messages
        if message.author is Author.USER and message.intent == "fee" and message.state is MessageState.HANDLED
    }
    inside = [day for _, day in meant if PERIOD.first <= day <= PERIOD.last]
    assert sum(found(database, category="fees").values()) == len(inside) > 0


def test_answers_are_those_that_reached_somebody(database: Database) -> None:
    """Of the bot, with an intent, within the days; by intent."""
    history(database, 1, 30)
    days = wanted().days
    its = [
        message
        for message in rows(database, Message)
        if message.author is Author.BOT and message.intent and message.state in REACHED
    ]
    inside = [message for message in its if days[0].starts <= message.created_at < days[-1].ends]
    assert database.transact(reporting.answers, wanted()) == Counter(message.intent for message in inside)
    mails = Counter(message.intent for message in inside if message.channel == "email")
    assert database.transact(reporting.answers, wanted(channel="email")) == mails
    assert set(database.transact(reporting.answers, wanted(category="fees"))) == {"fee"}


def test_tickets_are_those_opened_on_the_days(database: Database) -> None:
    """Each with the channel it was opened on, once, but for those that go on as another; narrowed as asked."""
    history(database, 2, 40)
    merged = database.transact(_merge)
    days = wanted().days
    inside = [
        ticket
        for ticket in rows(database, Ticket)
        if days[0].starts <= ticket.created_at < days[-1].ends and ticket.id != merged
    ]
    read = database.transact(reporting.tickets, wanted())
    assert sorted(ticket.created_at for ticket in read) == sorted(ticket.created_at for ticket in inside)
    assert {ticket.channel for ticket in read} == {"email", "telegram"}
    narrow = database.transact(reporting.tickets, wanted(team="money", category="fees", language="en", channel="email"))
    assert 0 < len(narrow) < len(read)
    assert {(each.team, each.category, each.language, each.channel) for each in narrow} == {
        ("money", "fees", "en", "email")
    }


def _merge(session: Session) -> int:
    first = session.exec(select(Ticket).where(Ticket.created_at >= wanted().days[1].starts)).first()
    assert first
    first.merged_into_id = 1
    return first.id


def test_what_could_not_be_answered_comes_with_what_was_asked(database: Database) -> None:
    """Tickets opened for want of an answer, each with the user's last message before that was understood at all."""
    answer(database, inbound("how much", "e0"), "That much.", intent="fee")
    hopeless = escalation(reason="unhelpful")
    answer(database, inbound("x" * 300, "e1"), "A human!", intent="kyc", escalation=hopeless, now=later(60))
    answer(database, inbound("later", "e2"), intent="fee", now=later(120))
    escalated(database, inbound("other", "e3", replace(ANN, handle="bob")), reason="human")
    (found,) = database.transact(reporting.unanswered, Wanted(days_of(Period(NOW.date(), NOW.date()), BERLIN)))
    assert (found.reason, found.intent, found.said) == ("unhelpful", "kyc", "x" * reporting.EXAMPLE)


def test_ratings_count_on_the_day_they_are_given(database: Database) -> None:
    """Not the day they were asked for; a question without an answer is none; narrowed as tickets are."""
    days = Wanted(days_of(Period(NOW.date(), NOW.date()), BERLIN))
    for number, (score, at) in enumerate(((5, NOW), (1, later(86_400)), (None, None), (2, later(60)))):
        ticket = escalated(database, inbound(event=f"e{number}", place=replace(ANN, handle=f"h{number}")))
        database.transact(_change, ticket.id, team="money" if number else "")
        database.transact(_rate, ticket.id, score, at)
    assert database.transact(reporting.ratings, days) == [Rated(5, "memory", "Anna"), Rated(2, "memory", "Anna")]
    assert [each.score for each in database.transact(reporting.ratings, replace(days, team="money"))] == [2]


def _rate(session: Session, ticket_id: int, score: int | None, at: datetime | None) -> None:
    rating = Rating(ticket_id=ticket_id, conversation_id=ticket_id, channel="memory", agent="Anna", asked_at=NOW)
    rating.score, rating.at = score, at
    session.add(rating)


def test_the_wall_counts_what_waits_and_what_is_due(database: Database) -> None:
    """By priority and team; deadlines by how near they are, of tickets that are not over; the load of who is there."""
    for number, (priority, minutes) in enumerate(
        (("urgent", -1), ("urgent", 0), ("low", 15), ("low", 16), ("low", 61))
    ):
        ticket = escalated(database, inbound(event=f"e{number}", place=replace(ANN, handle=f"h{number}")))
        database.transact(_change, ticket.id, priority=priority, due_at=later(60 * minutes), team="money")
    database.transact(_change, 1, assignee="Anna", team="")
    over = escalated(database, inbound(event="e9", place=replace(ANN, handle="h9")))
    database.transact(_change, over.id, state=TicketState.CLOSED, due_at=NOW)
    database.transact(agents.add, "Anna", "anna@example.org", Role.AGENT, NOW)
    shown = database.transact(wall.wall, NOW)
    counted = {(each.priority, each.team): (each.count, each.free) for each in shown.waiting}
    assert counted == {("urgent", ""): (1, 0), ("urgent", "money"): (1, 1), ("low", "money"): (3, 3)}
    assert shown.due == wall.Due(late=2, very_soon=1, soon=2)
    assert [each.at for each in shown.next] == [later(60 * minutes) for minutes in (-1, 0, 15, 16)]
    assert len(shown.longest) == 5
    assert [(each.name, each.load) for each in shown.there] == [("Anna", 1)]


def _change(session: Session, /, ticket_id: int, **values: object) -> None:
    ticket = session.get_one(Ticket, ticket_id)
    for name, value in values.items():
        setattr(ticket, name, value)


async def test_a_long_reading_holds_up_no_writer_and_writes_nothing(database: Database) -> None:
    """While it goes on others write, which it does not see; what it would write itself is refused."""
    reading, written = threading.Event(), threading.Event()

    def count_twice(session: Session) -> tuple[int, int]:
        first = len(session.exec(select(Conversation)).all())
        reading.set()
        assert written.wait(20)
        session.expire_all()
        return first, len(session.exec(select(Conversation)).all())

    task = asyncio.create_task(database.read(count_twice))
    await asyncio.to_thread(reading.wait, 20)
    await database.run(inbox.receive, "memory", inbound(), [], PACE, NOW)
    written.set()
    assert await task == (0, 0)
    with pytest.raises(StorageDown):
        await database.read(_write)
    assert len(rows(database, Conversation)) == 1
    await database.run(inbox.receive, "memory", inbound(event="e2"), [], PACE, NOW)


def _write(session: Session) -> None:
    session.add(Contact(created_at=NOW))
    session.flush()
