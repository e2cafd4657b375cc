"""What agents do with calls, and what happens to those that nobody makes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest

from bot.briefing import Briefing
from bot.callbacks.calls import Calls
from bot.errors import NotFound, Refused
from bot.store import call_backs, call_outcomes, handling
from bot.store.call_backs import Details, Listed, Said, SlotFull
from bot.store.call_tables import CallBack, CallState
from bot.store.database import Database, Session
from bot.store.tables import Message, Ticket, TicketEvent
from channels.words import Author, Place
from tests.samples import NOW, escalated, inbound, later, notice, rows, states, take
from tests.sending import Clock
from tests.vip.talk import Talk

SLOT = NOW + timedelta(hours=1)
LENGTH = timedelta(minutes=30)
LONGEST = timedelta(hours=2)


def detailed(ticket: Ticket) -> Details:
    return Details("+4930901820", "4711", ticket.title, "Europe/Berlin")


def said(call: CallBack, language: str | None) -> Said:
    return f"told of {call.outcome} in {language}", ()


def booked(database: Database, handle: str = "ann", slot: datetime = SLOT, seats: int = 1) -> CallBack:
    """Somebody's ticket with a call."""
    place = Place(account="bot-1", handle=handle)
    if not any(ticket.title == handle for ticket in rows(database, Ticket)):
        escalated(database, inbound("a human!", f"e-{handle}", place), title=handle)
    conversation_id = next(row.id for row in rows(database, Ticket) if row.title == handle)
    return database.transact(call_backs.book, conversation_id, slot, detailed, seats, NOW)


def start(database: Database, call: CallBack, agent: str = "Anna", now: datetime = SLOT) -> Listed:
    return database.transact(call_outcomes.start, call.id, agent, LONGEST, now)


def miss(database: Database, call: CallBack, retry: datetime | None, tries: int = 3, now: datetime = SLOT) -> CallBack:
    """Begun, and nobody picks up."""
    start(database, call, now=now)
    found = database.transact(call_outcomes.missed, call.id, "Anna", "rang out", tries, retry, said, now)
    return found.call


def settle(database: Database, now: datetime) -> list[bool]:
    """One look at calls that went astray."""
    found = database.transact(call_outcomes.astray, LENGTH, now)
    return [database.transact(call_outcomes.settle, call.id, LENGTH, said, said, now) for call in found]


def lines(database: Database) -> list[tuple[str, str]]:
    return [(event.actor, event.kind) for event in rows(database, TicketEvent) if event.kind.startswith("call")]


def told(database: Database) -> list[str]:
    return [text for text, _ in states(database) if text.startswith("told of")]


def test_a_slot_has_as_many_calls_as_seats(database: Database) -> None:
    """Full it is refused with the number to offer others to; what is called off is free again."""
    first = booked(database, "ann", seats=2)
    assert [booked(database, "bob", seats=2).seat, first.seat] == [1, 0]
    with pytest.raises(SlotFull):
        booked(database, "eve", seats=2)
    assert database.transact(call_backs.taken, NOW, later(86_400)) == {SLOT: 2}
    database.transact(call_backs.call_off, 1, NOW)
    assert booked(database, "eve", seats=2).seat == 0


def test_of_those_who_book_one_seat_at_once_one_gets_it(postgres: Database) -> None:
    """Each on a connection of its own; the others hear that it is full."""
    people = ["ann", "bob", "eve", "joe"]
    for person in people:
        escalated(postgres, inbound("a human!", f"e-{person}", Place(account="bot-1", handle=person)), title=person)
    together = Barrier(len(people))

    def book(conversation_id: int) -> bool:
        together.wait(timeout=10)
        try:
            postgres.transact(call_backs.book, conversation_id, SLOT, detailed, 1, NOW)
        except SlotFull:
            return False
        return True

    with ThreadPoolExecutor(len(people)) as threads:
        assert sorted(threads.map(book, range(1, len(people) + 1))) == [False, False, False, True]
    assert [call.seat for call in rows(postgres, CallBack)] == [0]


def test_of_two_who_start_at_once_one_calls(postgres: Database) -> None:
    """The other is told who does."""
    call = booked(postgres)
    together = Barrier(2)

    def begin(agent: str) -> str:
        together.wait(timeout=10)
        try:
            return start(postgres, call, agent).call.agent or ""
        except Refused as error:
            return str(error)

    with ThreadPoolExecutor(2) as threads:
        found = sorted(threads.map(begin, ["Anna", "Ben"]))
    winner = rows(postgres, CallBack)[0].agent
    assert found == sorted([f"call 1 is with {winner}", str(winner)])
    assert lines(postgres) == [("user", "call_booked"), (str(winner), "call_started")]


def test_a_call_that_reaches_its_person_is_done(database: Database) -> None:
    """It counts as the first answer; the line has the note, and never the number."""
    call = booked(database)
    start(database, call)
    start(database, call)
    database.transact(call_outcomes.reached, call.id, "Anna", "all clear", later(4000))
    assert lines(database) == [("user", "call_booked"), ("Anna", "call_started"), ("Anna", "call_done")]
    [row] = rows(database, CallBack)
    assert (row.state, row.attempts, row.outcome, row.note, row.seat) == (
        CallState.DONE,
        1,
        "reached",
        "all clear",
        None,
    )
    assert rows(database, Ticket)[0].first_response_at == later(4000)
    assert "901820" not in str([event.detail for event in rows(database, TicketEvent)])


def test_a_missed_call_is_tried_again_and_then_told(database: Database) -> None:
    """By whoever is free then; the user hears once, after the last try."""
    call = booked(database)
    again = miss(database, call, later(5000), tries=2)
    assert (again.state, again.due_at, again.agent, again.seat) == (CallState.SCHEDULED, later(5000), None, None)
    assert told(database) == []
    last = miss(database, call, later(9000), tries=2, now=later(5000))
    assert (last.state, last.attempts) == (CallState.MISSED, 2)
    assert told(database) == ["told of missed in en"]
    assert [message.author for message in rows(database, Message)][-1] is Author.SYSTEM


def test_a_call_is_not_tried_again_where_nobody_is_ever_at_work(database: Database) -> None:
    """Without a time for it the first miss is the last."""
    assert miss(database, booked(database), None).state is CallState.MISSED
    assert told(database) == ["told of missed in en"]


@pytest.mark.parametrize("outcome", ["wrong_number", "cancelled"])
def test_a_call_that_will_not_be_is_told(database: Database, outcome: str) -> None:
    """Once; a second time there is nothing to end."""
    call = booked(database)
    database.transact(call_outcomes.cancel, call.id, "Anna", outcome, "", said, NOW)
    assert told(database) == [f"told of {outcome} in en"]
    with pytest.raises(Refused, match="call 1 is cancelled"):
        database.transact(call_outcomes.cancel, call.id, "Anna", outcome, "", said, NOW)


def test_only_who_calls_ends_the_call(database: Database) -> None:
    """Others are told who does; what nobody has begun cannot have reached anybody."""
    call = booked(database)
    with pytest.raises(Refused, match="call 1 is scheduled: start it first"):
        database.transact(call_outcomes.reached, call.id, "Anna", "", NOW)
    start(database, call)
    with pytest.raises(Refused, match="call 1 is with Anna"):
        database.transact(call_outcomes.reached, call.id, "Ben", "", NOW)
    with pytest.raises(Refused, match="call 1 is with Anna"):
        database.transact(call_outcomes.cancel, call.id, "Ben", "cancelled", "", said, NOW)
    with pytest.raises(Refused, match="Anna is calling already"):
        database.transact(call_backs.call_off, 1, NOW)


def test_a_call_that_was_never_ended_is_not_lost(database: Database) -> None:
    """After long enough another may begin it."""
    call = booked(database)
    start(database, call)
    with pytest.raises(Refused, match="with Anna"):
        start(database, call, "Ben", SLOT + LONGEST - timedelta(seconds=1))
    assert start(database, call, "Ben", SLOT + LONGEST).call.agent == "Ben"


def test_a_call_that_nobody_made_is_missed_and_told_once(database: Database) -> None:
    """Once its slot has passed, not before; from then on nobody can begin it."""
    call = booked(database)
    assert settle(database, SLOT + LENGTH - timedelta(seconds=1)) == []
    assert settle(database, SLOT + LENGTH) == [True]
    assert settle(database, SLOT + LENGTH) == []
    assert told(database) == ["told of overdue in en"]
    assert lines(database)[-1] == ("frontdesk", "call_missed")
    with pytest.raises(Refused, match="call 1 is missed"):
        start(database, call)


def test_two_looks_at_once_tell_once(postgres: Database) -> None:
    """Two processes look at the same call."""
    booked(postgres)
    with ThreadPoolExecutor(4) as threads:
        args = (LENGTH, said, said, SLOT + LENGTH)
        settled = threads.map(lambda _: postgres.transact(call_outcomes.settle, 1, *args), range(4))
        assert sum(settled) == 1
    assert told(postgres) == ["told of overdue in en"]


def test_a_ticket_that_is_over_needs_no_call(database: Database) -> None:
    """Its user is told so, as they were promised one."""
    booked(database)
    database.transact(handling.hand_back, "FD-1001", "Anna", "solved", notice, NOW)
    assert settle(database, NOW) == [True]
    assert told(database) == ["told of cancelled in en"]
    assert rows(database, CallBack)[0].state is CallState.CANCELLED


def test_a_call_goes_along_with_its_ticket(database: Database) -> None:
    """Where the ticket goes on as another, so does the call, at the same time."""
    booked(database)
    other = escalated(database, inbound("me too", "e9", Place(account="bot-1", handle="bob")))

    def merge(session: Session) -> None:
        session.get_one(Ticket, 1).merged_into_id = other.id

    database.transact(merge)
    assert settle(database, NOW) == [True]
    [call] = rows(database, CallBack)
    assert (call.ticket_id, call.state, call.slot_at) == (other.id, CallState.SCHEDULED, SLOT)


def test_calls_are_listed_soonest_first(database: Database) -> None:
    """Those ahead, or in the states asked for, or due by a time."""
    booked(database, "bob", SLOT + LENGTH)
    booked(database, "ann")

    def titles(states_: Sequence[CallState], before: datetime | None = None) -> list[str]:
        return [found.ticket.title for found in database.transact(call_backs.listed, states_, 10, before)]

    assert titles(call_backs.AHEAD) == ["ann", "bob"]
    assert titles(call_backs.AHEAD, SLOT) == ["ann"]
    assert titles([CallState.DONE]) == []
    for unknown in (0, -1, 99, 2**40):
        with pytest.raises(NotFound, match="there is no call"):
            database.transact(call_backs.show, unknown)


async def test_the_desk_calls_and_the_user_hears(talk: Talk, calls: Calls, standing: Clock) -> None:
    """From the booked slot over two missed tries to the sentence that it goes on in writing."""
    _, slots = await talk.collected()
    await talk.press(slots)
    assert [found.call.id for found in await calls.due(NOW)] == [1]
    for hour in range(3):
        standing.at = NOW + timedelta(hours=hour)
        await calls.start(1, "Anna")
        assert [found.call.id for found in await calls.mine("Anna")] == [1]
        await calls.outcome(1, "Anna", "missed", "rang\x00 out")
    [call] = rows(talk.database, CallBack)
    assert (call.state, call.note) == (CallState.MISSED, "rang out")
    assert "could not reach you by phone (calls: 3)" in rows(talk.database, Message)[-1].text


async def test_who_was_forgotten_is_offered_other_slots(talk: Talk, calls: Calls, standing: Clock) -> None:
    """With buttons that book, in the language of the talk."""
    _, slots = await talk.collected()
    await talk.press(slots)
    standing.at = NOW + timedelta(minutes=30)
    assert await calls.sweep(standing.at) == 1
    sorry = rows(talk.database, Message)[-1]
    assert "nobody called you" in sorry.text
    [again] = await talk.press(sorry)
    assert "11:00 GMT+01:00" not in slots.choices[0]["title"]
    assert "We will call you" in again.text
    assert [call.state for call in rows(talk.database, CallBack)] == [CallState.MISSED, CallState.SCHEDULED]


async def test_a_long_note_is_refused(talk: Talk, calls: Calls) -> None:
    """And the call stands as it was."""
    _, slots = await talk.collected()
    await talk.press(slots)
    take(talk.database, "FD-1001")
    await calls.start(1, "Anna")
    with pytest.raises(Refused, match="2001 characters"):
        await calls.outcome(1, "Anna", "reached", "x" * 2001)
    assert (await calls.show(1)).call.state is CallState.CALLING


async def test_staff_rooms_hear_of_calls(talk: Talk, calls: Calls) -> None:
    """When it is booked and what comes of it; the number is told in no line."""
    _, slots = await talk.collected()
    await talk.press(slots)
    await calls.start(1, "Anna")
    await calls.outcome(1, "Anna", "reached", "all clear")
    briefing = Briefing(talk.content.answers)
    drafted = [briefing.line(event, None) for event in rows(talk.database, TicketEvent) if event.kind != "opened"]
    told = [line.text for line in drafted if line]
    assert told[0].startswith("A call is booked for ")
    assert told[1:] == ["Anna is calling", "Anna called and reached them"]
    assert "901820" not in "".join(told)
