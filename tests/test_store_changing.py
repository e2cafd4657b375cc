"""What is changed by hand is a line with what was before, and whose turn it is follows from what happened."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text

from bot.closing import Closing
from bot.errors import Refused, StorageDown
from bot.store import changing, handling, ticketing
from bot.store.agent_tables import Agent
from bot.store.database import Database, Session
from bot.store.settling_tables import Settling
from bot.store.tables import Message, Ticket, TicketEvent, TicketState
from bot.store.ticketing_tables import LinkKind, TicketLink
from channels.words import Author, Owner
from tests.samples import (
    NOW,
    answer,
    arrive,
    conversation,
    escalated,
    escalation,
    inbound,
    later,
    notice,
    rows,
    states,
    take,
    timeline,
)

WEEK = timedelta(days=7)


def ticket(database: Database, number: str = "FD-1001") -> Ticket:
    """As it stands now."""
    return database.transact(ticketing.find, number)


def last_line(database: Database) -> tuple[str, str, dict[str, Any]]:
    """(actor, kind, detail) of the newest line."""
    line = rows(database, TicketEvent)[-1]
    return line.actor, line.kind, line.detail


def hire(database: Database, name: str, removed_at: datetime | None = None) -> None:
    """An agent of the desk."""

    def add(session: Session) -> None:
        session.add(Agent(name=name, email=f"{name}@example.com", created_at=NOW, removed_at=removed_at))

    database.transact(add)


def solve(database: Database, at: datetime = NOW, number: str = "FD-1001", agent: str = "Anna") -> None:
    """Solved, and the user told."""
    database.transact(handling.hand_back, number, agent, "solved", notice, at)


def file_message(database: Database, event: str, at: datetime) -> None:
    """Ann writes, and a human answers there."""
    arrival = arrive(database, inbound("more", event), at)
    database.transact(ticketing.file_under, arrival.conversation_id, arrival.message_id, at)


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        ({"priority": "high"}, {"what": "priority", "from": "normal", "to": "high"}),
        ({"category": "security"}, {"what": "category", "from": "withdrawal", "to": "security"}),
        ({"team": "night"}, {"what": "team", "from": "", "to": "night"}),
        ({"title": "2FA lost"}, {"what": "title", "from": "Withdrawal pending", "to": "2FA lost"}),
        ({"tags": ["chain", "slow"]}, {"what": "tags", "from": [], "to": ["chain", "slow"]}),
    ],
)
def test_a_change_is_one_line_with_before_and_after(
    database: Database, wanted: dict[str, Any], line: dict[str, Any]
) -> None:
    """The ticket has what was wanted, and the timeline says what it was before and who did it."""
    number = escalated(database).number
    database.transact(changing.change, number, "Ben", wanted, later(5))
    assert last_line(database) == ("Ben", "changed", line)
    assert {name: getattr(ticket(database), name) for name in wanted} == wanted


def test_what_is_so_already_is_no_change(database: Database) -> None:
    """Only what differs is a line: of two fields the one, and the second time none."""
    number = escalated(database).number
    for _ in range(2):
        database.transact(changing.change, number, "Ben", {"priority": "high", "category": "withdrawal"}, NOW)
    assert [kind for _, kind in timeline(database)] == ["opened", "changed"]


def test_second_solver_is_told_who_did(database: Database) -> None:
    """Of two who solve, the second hears who did, and the user hears of it once."""
    number = escalated(database).number
    solve(database, agent="Anna")
    before = states(database), timeline(database)
    with pytest.raises(Refused, match="FD-1001 is already solved, by Anna"):
        database.transact(handling.hand_back, number, "Ben", "solved", notice, NOW)
    assert (states(database), timeline(database)) == before


def test_two_solve_at_once(postgres: Database) -> None:
    """At the same moment one solves, and the other is told who did; the user hears of it once."""
    number = escalated(postgres).number
    barrier = Barrier(2)

    def attempt(agent: str) -> str:
        barrier.wait()
        try:
            solve(postgres, number=number, agent=agent)
        except Refused as refused:
            return str(refused)
        return agent

    with ThreadPoolExecutor(2) as threads:
        found = set(threads.map(attempt, ["Anna", "Ben"]))
    winner = last_line(postgres)[0]
    assert found == {winner, f"FD-1001 is already solved, by {winner}"}
    assert [text for text, _ in states(postgres)].count("notice in en") == 1


def test_assigned_to_a_colleague(database: Database) -> None:
    """They answer from here on, the user is told who, and the line says from whom to whom."""
    hire(database, "Ben")
    number = escalated(database).number
    take(database, number, "Anna")
    database.transact(changing.assign, number, "Anna", "Ben", notice, NOW)
    assert (ticket(database).assignee, conversation(database).owner) == ("Ben", Owner.AGENT)
    told = rows(database, Message)[-1]
    assert (told.author, told.author_name, told.text) == (Author.SYSTEM, "Ben", "notice in en")
    assert last_line(database) == ("Anna", "assigned", {"from": "Anna", "to": "Ben"})


def test_assigned_to_nobody_is_back_in_the_queue(database: Database) -> None:
    """Under a new epoch, and the user is told nothing."""
    number = escalated(database).number
    take(database, number, "Anna")
    before, said = conversation(database).epoch, states(database)
    database.transact(changing.assign, number, "Anna", None, notice, NOW)
    found = conversation(database)
    assert (found.owner, found.epoch, ticket(database).assignee) == (Owner.QUEUE, before + 1, None)
    assert states(database) == said


@pytest.mark.parametrize(
    ("to", "why"), [("Bne", "nobody here is called Bne"), ("Gone", "Gone works here no more"), ("Anna", "is with Anna")]
)
def test_assigned_to_whoever_cannot_have_it_is_refused(database: Database, to: str, why: str) -> None:
    """A name misspelt, an agent removed, whoever has it already: the ticket stays where it was."""
    hire(database, "Gone", removed_at=NOW)
    number = escalated(database).number
    take(database, number, "Anna")
    with pytest.raises(Refused, match=why):
        database.transact(changing.assign, number, "Ben", to, notice, NOW)
    assert ticket(database).assignee == "Anna"


@pytest.mark.parametrize("state", [TicketState.ON_HOLD, TicketState.PENDING])
def test_waiting_is_not_our_turn(database: Database, state: TicketState) -> None:
    """On hold or pending the user does not wait for us; the next message makes it our turn again, from then on."""
    number = escalated(database).number
    take(database, number)
    database.transact(changing.wait, number, "Anna", state, later(5))
    assert (ticket(database).state, ticket(database).waiting_since) == (state, None)
    assert last_line(database) == ("Anna", state.value, {"from": "open"})
    with pytest.raises(Refused, match="already"):
        database.transact(changing.wait, number, "Anna", state, later(6))
    file_message(database, "e2", later(60))
    assert (ticket(database).state, ticket(database).waiting_since) == (TicketState.OPEN, later(60))


def test_since_when_the_user_waits(database: Database) -> None:
    """From the opening until an answer, then from the first message after it, whatever else is written."""
    number = escalated(database).number
    assert ticket(database).waiting_since == NOW
    take(database, number)
    file_message(database, "e2", later(10))
    assert ticket(database).waiting_since == NOW
    database.transact(handling.reply, number, "Anna", "Which coin?", notice, later(20))
    assert ticket(database).waiting_since is None
    for seconds in (30, 40):
        file_message(database, f"e{seconds}", later(seconds))
    assert ticket(database).waiting_since == later(30)
    solve(database, later(50))
    assert ticket(database).waiting_since is None
    database.transact(changing.reopen, number, "Ben", notice, later(60))
    assert ticket(database).waiting_since == later(60)


def test_reopened_by_hand(database: Database) -> None:
    """A solved ticket is in the queue again, with nobody; the user is told, and the platform shows it unsolved."""
    number = escalated(database).number
    take(database, number)
    solve(database)
    database.transact(changing.reopen, number, "user", notice, later(5))
    found = ticket(database)
    assert (found.state, found.assignee, found.solved_at) == (TicketState.NEW, None, None)
    assert conversation(database).owner is Owner.QUEUE
    assert states(database)[-1] == ("notice in en", "queued")
    assert [row.solved for row in rows(database, Settling)] == [False]
    assert last_line(database) == ("user", "reopened", {})
    with pytest.raises(Refused, match="FD-1001 is open"):
        database.transact(changing.reopen, number, "Ben", notice, NOW)


def test_closed_is_closed(database: Database) -> None:
    """A solved ticket is closed once its days are over, once; from then on nothing of it changes."""
    number = escalated(database).number
    solve(database, later(0))
    assert database.transact(changing.close_old, NOW, NOW + WEEK, 10) == []
    assert database.transact(changing.close_old, later(1), NOW + WEEK, 10) == [number]
    assert database.transact(changing.close_old, later(1), NOW + WEEK, 10) == []
    assert last_line(database) == ("frontdesk", "closed", {})
    for act in (
        lambda session: changing.reopen(session, number, "Ben", notice, NOW),
        lambda session: changing.change(session, number, "Ben", {"title": "x"}, NOW),
        lambda session: handling.take(session, number, "Ben", notice, NOW),
    ):
        with pytest.raises(Refused, match="FD-1001 is already closed"):
            database.transact(act)


@pytest.mark.parametrize("changes", [{}, {"category": "general", "unhelped": True, "reason": "unhelpful"}])
def test_the_same_matter_reopens_its_ticket(database: Database, changes: dict[str, Any]) -> None:
    """Within the days an escalation of the same category, or one of who says it did not help, opens it again."""
    number = escalated(database).number
    database.transact(handling.reply, number, "Anna", "Done", notice, NOW)
    solve(database)
    again = escalated(database, inbound(event="e2"), reopens=WEEK, **changes)
    assert (again.number, again.state, again.assignee) == (number, TicketState.OPEN, None)
    assert (again.solved_at, again.waiting_since) == (None, NOW)
    actor, kind, detail = last_line(database)
    assert (actor, kind, detail["reason"]) == ("bot", "reopened", changes.get("reason", "human"))
    assert conversation(database).owner is Owner.QUEUE


def test_another_matter_is_another_ticket(database: Database) -> None:
    """Of another category it opens a ticket of its own, which follows nothing."""
    escalated(database)
    solve(database)
    assert escalated(database, inbound(event="e2"), category="fees", reopens=WEEK).number == "FD-1002"
    assert rows(database, TicketLink) == []


def test_later_it_is_a_follow_up(database: Database) -> None:
    """After the days, or where it is closed, the same matter opens a new ticket that names the one it follows."""
    escalated(database)
    solve(database, NOW - WEEK)
    after = escalated(database, inbound(event="e2"), reopens=WEEK)
    (link,) = rows(database, TicketLink)
    assert (link.ticket_id, link.other_id, link.kind) == (after.id, ticket(database).id, LinkKind.FOLLOW_UP)
    assert last_line(database) == ("bot", "opened", {"reason": "human", "follows": "FD-1001"})
    assert ticket(database).state is TicketState.SOLVED


def test_a_ticket_that_goes_on_elsewhere_is_not_reopened(database: Database) -> None:
    """Where a newer ticket is open for the conversation, the older one is refused with its number."""
    escalated(database)
    solve(database)
    escalated(database, inbound(event="e2"), category="fees")
    with pytest.raises(Refused, match="FD-1001 goes on as FD-1002"):
        database.transact(changing.reopen, "FD-1001", "Ben", notice, NOW)


def test_reopening_needs_no_message_to_be_said_twice(database: Database) -> None:
    """An escalation that reopens says the ticket's number as one that opens does."""
    escalated(database)
    solve(database)
    answer(
        database, inbound("again", "e2"), "Your ticket is {ticket}", escalation=escalation(reopens=WEEK), now=later(9)
    )
    assert states(database)[-1] == ("Your ticket is FD-1001", "queued")
    assert conversation(database).owner is Owner.QUEUE


async def test_the_loop_closes_what_is_due(sqlite: Database) -> None:
    """It tells how many it closed, and that the database is out of reach."""
    escalated(sqlite)
    solve(sqlite, NOW)
    assert await Closing(sqlite, WEEK).close_due() == 1
    assert await Closing(sqlite, WEEK).close_due() == 0
    sqlite.transact(lambda session: session.execute(text("ALTER TABLE ticket RENAME TO gone")))
    with pytest.raises(StorageDown):
        await Closing(sqlite, WEEK).close_due()
