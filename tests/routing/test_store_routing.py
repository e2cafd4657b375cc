"""From the queue to an agent and back: once, told once, and nobody left in between."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from bot.errors import Refused
from bot.store import handling, routing, teams, ticketing, turns
from bot.store.agent_tables import Presence
from bot.store.database import Database, Session
from bot.store.presence import Patience
from bot.store.routing import Stranded
from bot.store.tables import Conversation, Message, Ticket, TicketConversation, TicketEvent, TicketState
from channels.words import Author, Owner, Place
from tests.routing.people import change, hire, set_ticket, ticket, wait_for_human
from tests.samples import NOW, arrive, conversation, inbound, later, notice, outcome, rows, take, timeline, turn_of

PATIENCE = Patience(away=timedelta(minutes=5), gone=timedelta(minutes=15), back=timedelta(minutes=10))
ANSWERING = Patience(PATIENCE.away, PATIENCE.gone, PATIENCE.back, answer=timedelta(minutes=3))


def assign(database: Database, number: str, name: str = "Anna", seconds: float = 0) -> None:
    """The loop gives it to somebody."""
    database.transact(routing.assign, number, name, notice, later(seconds))


def stranded(database: Database, seconds: float = 0, patience: Patience = PATIENCE) -> list[Stranded]:
    """Whose agent is not there."""
    return database.transact(routing.stranded, patience, later(seconds))


def give_back(database: Database, number: str, name: str = "Anna", why: str = "offline") -> bool:
    """The loop puts it back."""
    return database.transact(routing.give_back, number, name, why, notice, later(60))


def detail(database: Database, kind: str) -> list[Mapping[str, object]]:
    """What the lines of that kind say."""
    return [event.detail for event in rows(database, TicketEvent) if event.kind == kind]


def told(database: Database) -> list[str]:
    """Who spoke for Frontdesk, message by message."""
    return [message.author_name for message in rows(database, Message) if message.author is Author.SYSTEM]


def test_assigned_as_if_taken(database: Database) -> None:
    """The agent owns the conversation under a new epoch, the user is told, the timeline says who gave it to whom."""
    hire(database, "Anna")
    number = wait_for_human(database)
    before = conversation(database).epoch
    assign(database, number)
    found = conversation(database)
    assert (found.owner, found.epoch) == (Owner.AGENT, before + 1)
    assert (ticket(database, number).assignee, ticket(database, number).state) == ("Anna", TicketState.OPEN)
    assert (told(database), rows(database, Message)[-1].text) == (["Anna"], "notice in en")
    assert (timeline(database)[-1], detail(database, "assigned")) == (
        ("frontdesk", "assigned"),
        [{"from": None, "to": "Anna"}],
    )


def test_assigned_only_from_the_queue_to_who_has_room(database: Database) -> None:
    """Taken meanwhile, solved, to somebody away or full: refused, and nothing is written."""
    hire(database, "Anna", capacity=1)
    hire(database, "Ben", Presence.AWAY)
    taken, released, mine, left = (wait_for_human(database, who) for who in ("ann", "bob", "cid", "dan"))
    take(database, taken, "Tom")
    database.transact(handling.hand_back, released, "Tom", "released", notice, NOW)
    assign(database, mine)
    before = timeline(database)
    for number, name in ((taken, "Anna"), (released, "Anna"), (left, "Anna"), (left, "Ben"), (mine, "Anna")):
        with pytest.raises(Refused):
            assign(database, number, name)
    assert timeline(database) == before
    assert [found.number for found in database.transact(routing.queue)] == [left]


def test_two_processes_give_a_ticket_once(postgres: Database) -> None:
    """Of two that give the same ticket at the same moment to two agents one does; the user is told of one."""
    hire(postgres, "Anna", capacity=100)
    hire(postgres, "Ben", capacity=100)
    for round_ in range(4):
        number = wait_for_human(postgres, f"visitor-{round_}")
        assert sorted(_at_once(postgres, (number, "Anna"), (number, "Ben"))) == ["given", "refused"]
    assert len(told(postgres)) == 4
    assert [kind for _, kind in timeline(postgres)].count("assigned") == 4


def test_two_processes_give_nobody_too_much(postgres: Database) -> None:
    """Of two that give different tickets to the same agent with room for one, one does."""
    for round_ in range(4):
        name = f"Agent {round_}"
        hire(postgres, name, capacity=1)
        first, second = (wait_for_human(postgres, f"{who}-{round_}") for who in ("ann", "bob"))
        assert sorted(_at_once(postgres, (first, name), (second, name))) == ["given", "refused"]


def _at_once(database: Database, *wanted: tuple[str, str]) -> list[str]:
    barrier = Barrier(len(wanted))

    def attempt(pair: tuple[str, str]) -> str:
        barrier.wait(timeout=10)
        try:
            assign(database, *pair)
        except Refused:
            return "refused"
        return "given"

    with ThreadPoolExecutor(len(wanted)) as threads:
        return list(threads.map(attempt, wanted))


def test_queue_tells_what_routing_asks(database: Database) -> None:
    """Priority, team, language and since when; the load of an agent is what waits for them, not for users."""
    hire(database, "Anna")
    hire(database, "Ben", Presence.OFFLINE)
    open_, pending, waiting = (wait_for_human(database, who, priority="high") for who in ("ann", "bob", "cid"))
    assign(database, open_)
    database.transact(handling.reply, pending, "Anna", "Hello", notice, NOW)
    set_ticket(database, waiting, team="payments", language="zh", waiting_since=later(5))
    (found,) = database.transact(routing.queue)
    assert (found.number, found.priority, found.team, found.language) == (waiting, "high", "payments", "zh")
    assert found.since == later(5)
    desk = database.transact(routing.desk)
    assert [(one.agent.name, one.load, one.given_at) for one in desk] == [("Anna", 1, NOW), ("Ben", 0, None)]


@pytest.mark.parametrize(
    ("values", "seconds", "why"),
    [
        ({"removed_at": NOW}, 0, "removed"),
        ({"presence": Presence.OFFLINE}, 0, "offline"),
        ({"presence": Presence.AWAY}, 600, "away"),
    ],
)
def test_who_is_not_there_strands_tickets(
    database: Database, values: dict[str, object], seconds: float, why: str
) -> None:
    """Removed or offline at once, away after its time; names that are no agents of the desk never."""
    hire(database, "Anna")
    number, other = wait_for_human(database), wait_for_human(database, "bob")
    assign(database, number)
    take(database, other, "Somebody in a staff room")
    assert stranded(database, seconds) == []
    change(database, "Anna", **values)
    assert stranded(database, seconds - 1) == ([] if seconds else [Stranded(number, "Anna", why)])
    assert stranded(database, seconds) == [Stranded(number, "Anna", why)]


def test_given_back(database: Database) -> None:
    """The queue owns the conversation under a new epoch, nobody has the ticket, the user is told, the line says why."""
    hire(database, "Anna")
    number = wait_for_human(database)
    assign(database, number)
    before = conversation(database).epoch
    assert give_back(database, number)
    found = ticket(database, number)
    assert (found.assignee, found.state, found.waiting_since) == (None, TicketState.NEW, NOW)
    assert (conversation(database).owner, conversation(database).epoch) == (Owner.QUEUE, before + 1)
    assert detail(database, "returned") == [{"agent": "Anna", "reason": "offline", "told": True}]
    assert told(database) == ["Anna", ""]
    assert [one.number for one in database.transact(routing.queue)] == [number]


def test_given_back_once(database: Database) -> None:
    """What went back already, or to another agent since, is left alone."""
    hire(database, "Anna")
    number = wait_for_human(database)
    assign(database, number)
    assert give_back(database, number)
    before = timeline(database)
    assert not give_back(database, number)
    take(database, number, "Ben")
    assert not give_back(database, number)
    assert timeline(database) == [*before, ("Ben", "taken")]


def test_user_hears_once_that_somebody_else_will_answer(database: Database) -> None:
    """Going through three agents who do not answer is told once; again only after somebody has answered."""
    number = wait_for_human(database)
    for name in ("Anna", "Ben", "Chen"):
        take(database, number, name)
        give_back(database, number, name)
    assert told(database).count("") == 1
    database.transact(handling.reply, number, "Dora", "Hello", notice, NOW)
    set_ticket(database, number, state=TicketState.OPEN)
    give_back(database, number, "Dora")
    assert told(database).count("") == 2
    assert [line["told"] for line in detail(database, "returned")] == [True, False, False, True]


def test_silent_return_is_told_later(database: Database) -> None:
    """What the clocks took back without a word is known, and no reason to keep quiet at the next return."""
    number = wait_for_human(database)
    take(database, number, "Anna")

    def breach(session: Session) -> None:
        found = ticketing.find(session, number)
        found.assignee = None
        ticketing.change_owner(ticketing.conversations(session, found)[0], Owner.QUEUE)
        ticketing.add_event(session, found, "frontdesk", "returned", NOW, agent="Anna", reason="breached", told=False)

    database.transact(breach)
    assert [found.passed for found in database.transact(routing.queue)] == [frozenset({"Anna"})]
    take(database, number, "Ben")
    give_back(database, number, "Ben")
    assert told(database).count("") == 1


def test_what_waits_for_its_user_returns_when_the_user_writes(database: Database) -> None:
    """A ticket that waits for the user stays with whoever left, until there is something to answer."""
    hire(database, "Anna")
    number = wait_for_human(database)
    database.transact(handling.reply, number, "Anna", "Which coin?", notice, NOW)
    change(database, "Anna", removed_at=NOW)
    assert stranded(database) == []
    assert not give_back(database, number)
    place = Place(account="bot-1", handle="ann")
    conversation_id = arrive(database, inbound("BTC", "ann-2", place)).conversation_id
    database.transact(turns.finish, turn_of(database, conversation_id), outcome(), NOW)
    assert stranded(database) == [Stranded(number, "Anna", "removed")]


def test_what_is_on_hold_stays_unless_nobody_will_come_back(database: Database) -> None:
    """On hold it stays with whoever is offline, and comes back from whoever is removed."""
    hire(database, "Anna", Presence.OFFLINE)
    number = wait_for_human(database)
    set_ticket(database, number, assignee="Anna", state=TicketState.ON_HOLD)
    assert stranded(database) == []
    change(database, "Anna", removed_at=NOW)
    assert [left.why for left in stranded(database)] == ["removed"]
    assert give_back(database, number, why="removed")


def test_conversation_of_another_ticket_stays_with_its_agent(database: Database) -> None:
    """Where the same conversation is answered on another ticket, giving one back leaves the owner alone."""
    first, second = wait_for_human(database), wait_for_human(database, "bob")
    for number, name in ((first, "Anna"), (second, "Ben")):
        take(database, number, name)
    shared = ticket(database, first).id, rows(database, Conversation)[1].id
    database.transact(lambda session: session.add(TicketConversation(ticket_id=shared[0], conversation_id=shared[1])))
    assert give_back(database, first)
    assert [found.owner for found in rows(database, Conversation)] == [Owner.QUEUE, Owner.AGENT]


def test_leaving_gives_back_all(database: Database) -> None:
    """Everything that waits for the agent goes back at once; what waits for users or others stays."""
    hire(database, "Anna")
    mine = [wait_for_human(database, who) for who in ("ann", "bob")]
    pending, other = wait_for_human(database, "cid"), wait_for_human(database, "dan")
    for number in mine:
        assign(database, number)
    database.transact(handling.reply, pending, "Anna", "Hello", notice, NOW)
    take(database, other, "Ben")
    gone = database.transact(routing.give_back_all, "Anna", "offline", lambda _: notice, later(60))
    assert gone == mine
    assert [found.assignee for found in rows(database, Ticket)] == [None, None, "Anna", "Ben"]


def test_what_is_not_answered_goes_to_somebody_else(database: Database) -> None:
    """Given to an agent who does nothing for so long, it is theirs no more, and the queue knows who had it."""
    hire(database, "Anna")
    idle, noted, taken = (wait_for_human(database, who) for who in ("ann", "bob", "cid"))
    assign(database, idle)
    assign(database, noted)
    database.transact(handling.note, noted, "Anna", "looking into it", later(1))
    take(database, taken, "Anna")
    assert stranded(database, 179, ANSWERING) == []
    assert stranded(database, 180, PATIENCE) == []
    assert stranded(database, 180, ANSWERING) == [Stranded(idle, "Anna", "unanswered")]
    give_back(database, idle, why="unanswered")
    assert [found.passed for found in database.transact(routing.queue)] == [frozenset({"Anna"})]


def test_teams_are_written_down_once(database: Database) -> None:
    """A ticket of no team gets its team; one that has a team, by hand say, keeps it."""
    mine, theirs = wait_for_human(database), wait_for_human(database, "bob")
    set_ticket(database, theirs, team="security")
    ids = {ticket(database, number).id: "payments" for number in (mine, theirs)}
    database.transact(teams.file_under, ids)
    assert [found.team for found in rows(database, Ticket)] == ["payments", "security"]


def test_removed_agent_keeps_no_ticket(database: Database) -> None:
    """An agent removed while holding tickets: every one of them is in the queue again, none twice."""
    hire(database, "Anna")
    numbers = [wait_for_human(database, who) for who in ("ann", "bob", "cid")]
    for number in numbers:
        assign(database, number)
    change(database, "Anna", removed_at=NOW, presence=Presence.ONLINE)
    for left in stranded(database):
        give_back(database, left.number, left.agent, left.why)
    assert stranded(database) == []
    assert [found.number for found in database.transact(routing.queue)] == numbers
    assert {found.owner for found in rows(database, Conversation)} == {Owner.QUEUE}
