"""A ticket's life: one agent at a time, every change on the timeline, every change of owner a new epoch."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from time import sleep

import pytest
from sqlalchemy import text
from sqlmodel import select

from bot.errors import NotFound, Refused
from bot.store import handling, ticketing, turns
from bot.store.database import Database, Session
from bot.store.tables import Conversation, Message, Status, Ticket, TicketEvent, TicketState
from channels.words import Author, Owner
from tests.samples import (
    ANN,
    NOW,
    arrive,
    conversation,
    escalated,
    escalation,
    inbound,
    later,
    notice,
    outcome,
    rows,
    states,
    take,
    timeline,
    turn_of,
)


def ticket(database: Database) -> Ticket:
    """The only ticket there is."""
    (found,) = rows(database, Ticket)
    return found


def hand_back(database: Database, number: str, kind: str, agent: str = "Anna") -> None:
    """Released or solved."""
    database.transact(handling.hand_back, number, agent, kind, notice, later(60))


def test_take_moves_the_owner_and_tells_the_user(database: Database) -> None:
    """Taking makes the agent the owner, raises the epoch by one and queues a notice in the conversation's language."""
    number = escalated(database).number
    before = conversation(database).epoch
    take(database, number)
    found = conversation(database)
    assert (found.owner, found.epoch) == (Owner.AGENT, before + 1)
    assert (ticket(database).assignee, ticket(database).state) == ("Anna", TicketState.OPEN)
    told = rows(database, Message)[-1]
    assert (told.author, told.author_name, told.text) == (Author.SYSTEM, "Anna", "notice in en")
    assert (told.state.value, told.due_at) == ("queued", NOW)
    assert timeline(database)[-1] == ("Anna", "taken")


def test_second_take_by_the_same_agent_changes_nothing(database: Database) -> None:
    """Who has the ticket may take it again: no second notice, no new epoch, no line of the timeline."""
    number = escalated(database).number
    take(database, number)
    before = states(database), conversation(database).epoch, timeline(database)
    take(database, number)
    assert (states(database), conversation(database).epoch, timeline(database)) == before


def test_ticket_of_another_agent_is_refused(database: Database) -> None:
    """Neither take nor reply gets past another agent, and the refusal names them."""
    number = escalated(database).number
    take(database, number, "Anna")
    before = states(database)
    with pytest.raises(Refused, match="FD-1001 is with Anna"):
        take(database, number, "Ben")
    with pytest.raises(Refused, match="FD-1001 is with Anna"):
        database.transact(handling.reply, number, "Ben", "Hello", notice, NOW)
    assert (states(database), ticket(database).assignee) == (before, "Anna")


def test_two_agents_take_at_once(postgres: Database) -> None:
    """Of two agents taking a ticket at the same moment one gets it and the other is told who."""
    for round_ in range(10):
        place = type(ANN)(account="bot-1", handle=f"visitor-{round_}")
        number = escalated(postgres, inbound(event=f"e{round_}", place=place)).number
        barrier = Barrier(2)

        def attempt(agent: str) -> str:
            barrier.wait()  # noqa: B023 - both of a round are done before the next begins
            try:
                take(postgres, number, agent)  # noqa: B023
            except Refused as refused:
                return str(refused)
            return agent

        with ThreadPoolExecutor(2) as threads:
            found = set(threads.map(attempt, ["Anna", "Ben"]))
        winner = rows(postgres, Ticket)[-1].assignee
        assert found == {winner, f"{number} is with {winner}"}


def test_take_waits_for_a_turn_instead_of_blocking_it(postgres: Database) -> None:
    """While a turn holds the conversation, taking waits for it without holding the ticket the turn will write."""
    number = escalated(postgres).number
    message_id = arrive(postgres, inbound("more", "e2")).message_id

    def turn(session: Session, threads: ThreadPoolExecutor) -> Future[None]:
        found = session.exec(select(Conversation).with_for_update()).one()
        taking = threads.submit(take, postgres, number)
        _until_somebody_waits(postgres)
        ticketing.file_under(session, found.id, message_id, NOW)
        return taking

    with ThreadPoolExecutor(1) as threads:
        postgres.transact(turn, threads).result()
    assert timeline(postgres)[-2:] == [("user", "message"), ("Anna", "taken")]


def test_reply_takes_and_answers(database: Database) -> None:
    """A reply takes a ticket nobody has, queues the answer behind the notice, and the ticket waits for the user."""
    number = escalated(database).number
    database.transact(handling.reply, number, "Anna", "Which **coin**?", notice, later(30))
    joined, said = rows(database, Message)[-2:]
    assert (joined.author, said.author, said.author_name, said.text) == (
        Author.SYSTEM,
        Author.AGENT,
        "Anna",
        "Which **coin**?",
    )
    assert (said.state.value, said.epoch) == ("queued", conversation(database).epoch)
    found = ticket(database)
    assert (found.state, found.assignee, found.first_response_at) == (TicketState.PENDING, "Anna", later(30))
    assert conversation(database).status is Status.WAITING
    assert timeline(database)[-2:] == [("Anna", "taken"), ("Anna", "replied")]


def test_first_response_is_kept(database: Database) -> None:
    """A second reply changes neither the time of the first response nor the owner."""
    number = escalated(database).number
    for seconds in (30, 90):
        database.transact(handling.reply, number, "Anna", "Hello", notice, later(seconds))
    assert ticket(database).first_response_at == later(30)
    assert [kind for _, kind in timeline(database)].count("taken") == 1


def test_note_is_seen_by_agents_alone(database: Database) -> None:
    """A note is a line of the timeline; nothing is queued and nobody's ticket changes hands."""
    number = escalated(database).number
    before = states(database)
    database.transact(handling.note, number, "Ben", "VIP, be quick", later(5))
    event = rows(database, TicketEvent)[-1]
    assert (event.actor, event.kind, event.detail, event.at) == ("Ben", "note", {"text": "VIP, be quick"}, later(5))
    assert (states(database), ticket(database).assignee) == (before, None)
    assert ticket(database).updated_at == later(5)


def test_release_gives_the_conversation_back(database: Database) -> None:
    """Released, the ticket waits with nobody; the bot answers under a new epoch, its memory fresh; the user is told."""
    number = escalated(database).number
    take(database, number)
    before = conversation(database).epoch
    hand_back(database, number, "released")
    found = conversation(database)
    assert (found.owner, found.epoch, found.dialogue, found.status) == (Owner.BOT, before + 1, {}, Status.WAITING)
    assert (ticket(database).state, ticket(database).assignee) == (TicketState.NEW, None)
    assert states(database)[-1] == ("notice in en", "queued")
    assert timeline(database)[-1] == ("Anna", "released")


def test_release_after_an_answer_waits_for_the_user(database: Database) -> None:
    """A released ticket waits for its user only if somebody answered, which is what a user who asks is told."""
    number = escalated(database).number
    database.transact(handling.reply, number, "Anna", "Which coin?", notice, later(30))
    hand_back(database, number, "released")
    assert ticket(database).state is TicketState.PENDING


def test_released_ticket_may_be_taken_by_another(database: Database) -> None:
    """After a release any agent may take the ticket, and the epoch rises again."""
    number = escalated(database).number
    take(database, number, "Anna")
    hand_back(database, number, "released")
    before = conversation(database).epoch
    take(database, number, "Ben")
    assert (ticket(database).assignee, conversation(database).epoch) == ("Ben", before + 1)


def test_solve_ends_the_ticket(database: Database) -> None:
    """Solved, the ticket keeps who solved it and when, the conversation is closed and the bot's again."""
    number = escalated(database).number
    take(database, number)
    hand_back(database, number, "solved")
    found = ticket(database)
    assert (found.state, found.assignee, found.solved_at) == (TicketState.SOLVED, "Anna", later(60))
    assert (conversation(database).owner, conversation(database).status) == (Owner.BOT, Status.CLOSED)
    assert timeline(database)[-1] == ("Anna", "solved")
    assert database.transact(ticketing.ticket_of, conversation(database).id) is None


def test_solved_ticket_takes_no_more_work(database: Database) -> None:
    """Nothing but a note is done to a ticket that is over."""
    number = escalated(database).number
    hand_back(database, number, "solved")
    before = states(database)
    with pytest.raises(Refused, match="solved"):
        take(database, number)
    with pytest.raises(Refused, match="solved"):
        database.transact(handling.reply, number, "Anna", "Hello", notice, NOW)
    for kind in ("solved", "released"):
        with pytest.raises(Refused, match="already solved"):
            hand_back(database, number, kind)
    database.transact(handling.note, number, "Anna", "for the record", NOW)
    assert states(database) == before


def test_solving_what_the_bot_has_keeps_the_epoch(database: Database) -> None:
    """Where the owner does not change neither does the epoch: replies of the bot under way stay valid."""
    number = escalated(database).number
    hand_back(database, number, "released")
    before = conversation(database).epoch
    hand_back(database, number, "solved")
    assert conversation(database).epoch == before


@pytest.mark.parametrize("number", ["fd-1001", " FD-1001 "])
def test_number_is_found_as_people_write_it(database: Database, number: str) -> None:
    """Case and blanks around a number do not matter."""
    escalated(database)
    assert database.transact(ticketing.find, number).number == "FD-1001"


@pytest.mark.parametrize("number", ["FD-1", "", "FD-1001\x00", "\ud800", "FD-1001'--"])
def test_unknown_number_is_not_found(database: Database, number: str) -> None:
    """What is no ticket's number is not found, whatever characters it has, by every piece of work alike."""
    escalated(database)
    for work in (
        lambda session: handling.take(session, number, "Anna", notice, NOW),
        lambda session: handling.note(session, number, "Anna", "x", NOW),
        lambda session: handling.hand_back(session, number, "Anna", "solved", notice, NOW),
    ):
        with pytest.raises(NotFound):
            database.transact(work)


def test_message_under_no_ticket_is_refused(database: Database) -> None:
    """Filing a message where no ticket is open raises: nothing may be filed into the void."""
    arrival = arrive(database, inbound())
    assert turn_of(database, arrival.conversation_id).ticket is None
    with pytest.raises(NotFound):
        database.transact(ticketing.file_under, arrival.conversation_id, arrival.message_id, NOW)


@pytest.mark.parametrize(
    ("hours", "promised"),
    [(1, 4), (3, 4), (5, 9)],
    ids=["the earlier promise holds", "also shortly before its end", "one that has passed is made anew"],
)
def test_second_escalation_renews_the_promise(database: Database, hours: int, promised: int) -> None:
    """The ticket carries the earliest time yet to come that the user was told; here each promise is four hours."""
    escalated(database)
    conversation_id = arrive(database, inbound("again", "e2")).conversation_id
    database.transact(handling.hand_back, "FD-1001", "Anna", "released", notice, NOW)
    ended, at = outcome(escalation=escalation()), later(hours * 3600)
    database.transact(turns.finish, turn_of(database, conversation_id), ended, at)
    assert rows(database, Ticket)[0].promised_at == later(promised * 3600)


def test_taken_up_again_after_an_answer(database: Database) -> None:
    """A ticket that an agent answered before is open, not new, when the conversation comes back to it."""
    number = escalated(database).number
    database.transact(handling.reply, number, "Anna", "Hello", notice, NOW)
    database.transact(handling.hand_back, number, "Anna", "released", notice, NOW)
    assert escalated(database, inbound(event="e2")).state is TicketState.OPEN


def _until_somebody_waits(database: Database) -> None:
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    for _ in range(500):
        if database.transact(lambda session: session.execute(waiting).scalar_one()):
            return
        sleep(0.01)
    raise AssertionError("nobody waits for a lock")
