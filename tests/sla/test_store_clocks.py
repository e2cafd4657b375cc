"""Clocks in the database: counted when something happened, acted on once, whoever looks and however often."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest
from sqlmodel import Session

from bot.sla.calendar import Calendar
from bot.sla.policies import Policies
from bot.sla.sections import Action, CalendarSection, Duration, PolicySection
from bot.store import clocks, handling, merging, ticketing
from bot.store.acting import Hooks
from bot.store.database import Database
from bot.store.tables import Message, Ticket, TicketEvent, TicketState
from channels.words import Author, Owner
from tests.samples import NOW, answer, conversation, escalated, escalation, inbound, later, notice, rows, take, timeline

HOUR = 3600
ALL: tuple[Action, ...] = ("notify", "raise_priority", "reassign", "call_back")


def renewed(language: str | None, due: datetime, calendar: Calendar, now: datetime) -> str:
    return f"{language}: by {due:%H:%M} ({calendar.name}), {due - now}"


HOOKS = Hooks(renewed)


def policies(*on_breach: Action, hours: int = 4) -> Policies:
    """Four hours to the first answer, two to the next, a day to the solution; an hour where it is urgent."""
    promised = PolicySection(
        first_response=Duration(days=0, minutes=60 * hours),
        next_response=Duration(days=0, minutes=120),
        resolution=Duration(days=1, minutes=0),
        on_breach=on_breach,
    )
    urgent = PolicySection(priority=("urgent",), first_response=Duration(days=0, minutes=60))
    return Policies({}, {"usual": promised, "urgent": urgent})


def look(database: Database, seconds: float, kept: Policies | None = None, hooks: Hooks = HOOKS) -> Sequence[str]:
    """What is done of all that is due then."""
    now = later(seconds)
    found = database.transact(clocks.due, now, 100)
    return [one for number in found for one in database.transact(clocks.look, number, kept or policies(), hooks, now)]


def reply(database: Database, number: str, seconds: float) -> None:
    database.transact(handling.reply, number, "Anna", "Hello", notice, later(seconds))


def the_ticket(database: Database) -> Ticket:
    (found,) = rows(database, Ticket)
    return found


def kinds(database: Database) -> list[str]:
    return [kind for _, kind in timeline(database)]


def told(database: Database) -> list[str]:
    """What users were told of a new time."""
    return [one.text for one in rows(database, Message) if one.author is Author.SYSTEM and ": by " in one.text]


def test_a_line_has_the_clocks_counted(database: Database) -> None:
    """Opened, the ticket says which policy holds and when it is due; looked at, it waits until its warning."""
    escalated(database)
    assert look(database, 1) == []
    found = the_ticket(database)
    assert (found.sla, found.first_response_due_at, found.next_response_due_at) == ("usual", later(4 * HOUR), None)
    assert (found.resolution_due_at, found.due_at, found.breached_at) == (later(24 * HOUR), later(4 * HOUR), None)
    assert found.look_at == later(3 * HOUR)
    assert database.transact(clocks.due, later(3 * HOUR - 1), 10) == []


def test_an_answer_stops_what_it_meets(database: Database) -> None:
    """Pending, nothing is due; the user's next word starts the next response, and the solution goes on."""
    number = escalated(database).number
    reply(database, number, HOUR)
    look(database, HOUR)
    found = the_ticket(database)
    assert (found.due_at, found.look_at, found.promise_kept) == (None, None, True)
    answer(database, inbound("and now?", event="e2"), now=later(2 * HOUR))
    look(database, 2 * HOUR)
    found = the_ticket(database)
    assert (found.first_response_due_at, found.next_response_due_at) == (None, later(4 * HOUR))
    assert found.resolution_due_at == later(25 * HOUR)
    database.transact(handling.hand_back, number, "Anna", "solved", notice, later(3 * HOUR))
    look(database, 3 * HOUR)
    assert (the_ticket(database).due_at, the_ticket(database).look_at) == (None, None)


def test_a_warning_and_a_breach_act_once_each(database: Database) -> None:
    """However often it is looked at, and whether or not somebody has it."""
    escalated(database)
    take(database, the_ticket(database).number)
    assert look(database, 3 * HOUR) == ["warned first_response"]
    assert look(database, 3 * HOUR + 1) == []
    database.transact(clocks.all_due, later(3 * HOUR + 2))
    assert look(database, 3 * HOUR + 2) == []
    assert look(database, 4 * HOUR) == []
    assert look(database, 4 * HOUR + 1) == ["breached first_response"]
    database.transact(clocks.all_due, later(4 * HOUR + 2))
    assert look(database, 4 * HOUR + 2) == []
    assert kinds(database)[-2:] == ["warned", "breached"]
    found = the_ticket(database)
    assert (found.breached_at, found.promise_kept) == (later(4 * HOUR), False)


def test_a_breach_that_nobody_watched_is_told_without_its_warning(database: Database) -> None:
    """After a stop over both there is one line, and one only."""
    escalated(database)
    take(database, the_ticket(database).number)
    assert look(database, 9 * HOUR) == ["breached first_response"]
    assert look(database, 9 * HOUR + 1) == []
    assert kinds(database)[-1] == "breached"
    assert "warned" not in kinds(database)


def test_a_promise_is_renewed_before_it_breaks(database: Database) -> None:
    """Once: the user is told a new time by the calendar; the first promise is what is judged."""
    escalated(database)
    assert look(database, 3 * HOUR) == ["warned first_response", "renewed first_response"]
    found = the_ticket(database)
    assert (found.promised_at, found.first_promised_at) == (later(7 * HOUR), later(4 * HOUR))
    said = told(database)
    assert said == ["en: by 16:00 (always), 4:00:00"]
    assert look(database, 4 * HOUR + 1) == ["breached first_response"]
    assert told(database) == said
    reply(database, found.number, 5 * HOUR)
    look(database, 5 * HOUR)
    assert the_ticket(database).promise_kept is False
    assert database.transact(clocks.promises, NOW, later(HOUR)) == (0, 1)


def test_a_promise_that_somebody_will_keep_is_not_renewed(database: Database) -> None:
    """Nor where the bot answers again: nothing was promised for that."""
    number = escalated(database).number
    take(database, number)
    assert look(database, 3 * HOUR) == ["warned first_response"]
    assert the_ticket(database).promised_at == later(4 * HOUR)
    database.transact(handling.hand_back, number, "Anna", "released", notice, later(3 * HOUR))
    assert look(database, 5 * HOUR) == []
    assert told(database) == []
    assert the_ticket(database).promise_kept is None


def test_a_breach_raises_the_priority_and_the_policy_follows(database: Database) -> None:
    """By one step, once; the clock then counts by what holds for the new priority."""
    escalated(database, priority="high")
    take(database, the_ticket(database).number)
    kept = policies("raise_priority")
    assert look(database, 4 * HOUR + 1, kept) == ["breached first_response"]
    assert look(database, 4 * HOUR + 2, kept) == []
    found = the_ticket(database)
    assert (found.priority, found.sla, found.first_response_due_at) == ("urgent", "urgent", later(HOUR))
    assert kinds(database)[-2:] == ["breached", "changed"]


def test_a_breach_takes_the_ticket_from_who_lets_it_lie(database: Database) -> None:
    """Back in the queue with a new epoch, and a line that says from whom."""
    escalated(database)
    take(database, the_ticket(database).number)
    epoch = conversation(database).epoch
    look(database, 3 * HOUR, policies("reassign"))
    look(database, 4 * HOUR + 1, policies("reassign"))
    found = the_ticket(database)
    assert (found.assignee, found.state, found.waiting_since) == (None, TicketState.NEW, NOW)
    assert (conversation(database).owner, conversation(database).epoch) == (Owner.QUEUE, epoch + 1)
    assert "returned" in kinds(database)
    line = next(line for line in rows(database, TicketEvent) if line.kind == "returned")
    assert line.detail == {"agent": "Anna", "reason": "breached", "told": False}


def test_a_colleague_keeps_what_is_also_about_another_ticket(database: Database) -> None:
    """Of a conversation that was split in two, a breach of one ticket leaves the owner to who has the other."""
    number = escalated(database).number
    take(database, number)
    said = answer(database, inbound("and another thing", event="e2"), now=NOW)
    message = max(one.id for one in rows(database, Message) if one.conversation_id == said and one.event_id)
    database.transact(merging.split, number, "Anna", "Another thing", NOW, message_id=message)
    database.transact(clocks.look, number, policies("reassign"), HOOKS, later(4 * HOUR + 1))
    first, second = rows(database, Ticket)
    assert (first.assignee, second.assignee) == (None, "Anna")
    assert conversation(database).owner is Owner.AGENT


def test_a_breach_offers_a_call_back(database: Database) -> None:
    """In the same transaction, once, whether or not anything makes the offer."""
    offered: list[str] = []

    def offer(_: Session, ticket: Ticket, __: datetime) -> None:
        offered.append(ticket.number)

    number = escalated(database).number
    take(database, number)
    for second in (1, 2, 3):
        database.transact(clocks.all_due, later(4 * HOUR + second))
        look(database, 4 * HOUR + second, policies("call_back"), Hooks(renewed, offer))
    assert offered == [number]
    assert kinds(database)[-2:] == ["breached", "call_back_offered"]


def test_what_fails_in_the_middle_is_done_whole_the_next_time(database: Database) -> None:
    """An offer that raises takes the line of the breach back with it."""

    def offer(_: Session, __: Ticket, ___: datetime) -> None:
        raise ZeroDivisionError

    escalated(database)
    take(database, the_ticket(database).number)
    with pytest.raises(ZeroDivisionError):
        look(database, 4 * HOUR + 1, policies("call_back"), Hooks(renewed, offer))
    assert "breached" not in kinds(database)
    assert look(database, 4 * HOUR + 2, policies("call_back")) == ["breached first_response"]


def test_two_processes_act_once(postgres: Database) -> None:
    """Both look at the same moment; one acts."""
    number = escalated(postgres).number
    both = Barrier(2)

    def one(_: int) -> Sequence[str]:
        both.wait(timeout=10)
        return postgres.transact(clocks.look, number, policies(*ALL), HOOKS, later(9 * HOUR))

    with ThreadPoolExecutor(2) as threads:
        done = [what for found in threads.map(one, range(2)) for what in found]
    assert sorted(done) == ["breached first_response", "renewed first_response"]
    assert kinds(postgres).count("breached") == 1


def test_a_policy_deleted_in_use_is_followed_by_the_one_that_fits(database: Database) -> None:
    """After the next start, with a line that says so; nothing is lost."""
    escalated(database)
    look(database, 1)
    others = Policies({}, {"other": PolicySection(first_response=Duration(days=0, minutes=30))})
    database.transact(clocks.follow, others.digest, later(2))
    look(database, 2, others)
    found = the_ticket(database)
    assert (found.sla, found.first_response_due_at) == ("other", later(1800))
    line = rows(database, TicketEvent)[-1]
    assert (line.kind, line.detail) == ("policy_changed", {"from": "usual", "to": "other", "reason": "deleted"})
    assert look(database, 3, others) == []
    assert rows(database, TicketEvent)[-1].id == line.id


def test_a_clock_of_a_ticket_from_before_is_counted_without_a_word(database: Database) -> None:
    """Its user was told nothing that is kept in mind, and is told nothing now."""
    number = escalated(database).number

    def forget(session: Session) -> None:
        ticketing.find(session, number).first_promised_at = None

    database.transact(forget)
    assert look(database, 30 * 24 * HOUR) == ["breached first_response", "breached resolution"]
    assert told(database) == []
    assert the_ticket(database).promise_kept is None


def test_kept_promises_are_counted(database: Database) -> None:
    """By when their tickets were opened; those not decided yet are in neither number."""
    number = escalated(database).number
    look(database, 1)
    assert database.transact(clocks.promises, NOW, later(1)) == (0, 0)
    reply(database, number, HOUR)
    look(database, HOUR)
    assert database.transact(clocks.promises, NOW, later(1)) == (1, 0)
    assert database.transact(clocks.promises, later(1), later(HOUR)) == (0, 0)


def test_escalated_again_the_answer_is_due_again(database: Database) -> None:
    """The bot gives an answered ticket to a human once more: the user waits from that moment."""
    number = escalated(database).number
    reply(database, number, HOUR)
    database.transact(handling.hand_back, number, "Anna", "released", notice, later(HOUR))
    answer(database, inbound("a human!", event="e2"), escalation=escalation(), now=later(2 * HOUR))
    look(database, 2 * HOUR)
    assert the_ticket(database).next_response_due_at == later(4 * HOUR)
    assert look(database, 3.5 * HOUR) == ["warned next_response", "renewed next_response"]
    assert told(database) == ["en: by 14:30 (always), 2:00:00"]


def test_a_ticket_is_put_off(database: Database) -> None:
    """One whose clocks cannot be counted is left alone for a while."""
    number = escalated(database).number
    database.transact(clocks.put_off, number, later(300))
    assert database.transact(clocks.due, later(299), 10) == []
    assert database.transact(clocks.due, later(300), 10) == [number]


def test_a_start_with_the_same_rules_counts_nothing_anew(database: Database) -> None:
    """With others it does, also where a calendar alone is another."""
    escalated(database)
    kept = policies()
    database.transact(clocks.follow, kept.digest, later(1))
    look(database, 1, kept)
    database.transact(clocks.follow, policies().digest, later(2))
    assert database.transact(clocks.due, later(2), 10) == []
    other = Policies({"spare": CalendarSection(always=True)})
    database.transact(clocks.follow, other.digest, later(3))
    assert len(database.transact(clocks.due, later(3), 10)) == 1
    assert len({kept.digest, other.digest, Policies({}).digest}) == 3
