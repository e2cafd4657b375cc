"""A ticket as its user sees it, in the database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import NotFound, Refused
from bot.outside_sections import TicketPageSection
from bot.store import handling, pages, ticketing
from bot.store.database import Database, Session
from bot.store.tables import Ticket, TicketConversation, TicketState
from bot.ticket_page.expecting import expected, standing
from bot.ticket_page.links import Opened, TicketLinks
from channels.words import Owner, Place
from tests.samples import NOW, conversation, escalated, inbound, later, notice, timeline

BOB = Place(account="bot-1", handle="bob")


def solve(database: Database, number: str) -> None:
    database.transact(handling.hand_back, number, "Anna", "solved", notice, NOW)


def test_a_solved_ticket_comes_back_to_the_queue(database: Database) -> None:
    """Once; where humans have it already nothing changes."""
    ticket = escalated(database)
    solve(database, ticket.number)
    for _ in range(2):
        database.transact(pages.to_humans, ticket.id, 1, later(60))
    assert timeline(database)[-1] == ("user", "reopened")
    assert [kind for _, kind in timeline(database)].count("reopened") == 1
    assert conversation(database).owner is Owner.QUEUE
    assert database.transact(ticketing.find, ticket.number).solved_at is None


def test_what_is_added_to_an_open_ticket_calls_humans_back(database: Database) -> None:
    """Where the bot answers meanwhile; nobody would see it else."""
    ticket = escalated(database)
    database.transact(handling.hand_back, ticket.number, "Anna", "released", notice, NOW)
    database.transact(pages.to_humans, ticket.id, 1, NOW)
    assert timeline(database)[-1] == ("user", "escalated")
    assert conversation(database).owner is Owner.QUEUE


def test_a_ticket_is_not_reopened_beside_another(database: Database) -> None:
    """Nor one that is closed for good."""
    first = escalated(database)
    solve(database, first.number)
    second = escalated(database, inbound("again", "e2"))
    shown = database.transact(pages.page, first.id, 1, 0)
    assert shown.newer
    with pytest.raises(Refused, match="goes on in place of"):
        database.transact(pages.to_humans, first.id, 1, NOW)
    solve(database, second.number)

    def close(session: Session) -> None:
        ticketing.find(session, second.number).state = TicketState.CLOSED

    database.transact(close)
    with pytest.raises(Refused, match="is closed"):
        database.transact(pages.to_humans, second.id, 1, NOW)


def test_what_was_said_before_and_after_the_ticket_is_not_shown(database: Database) -> None:
    """A link that is passed on opens one matter, not a life."""
    escalated(database, inbound("old matter", "e0"))
    ticket = database.transact(ticketing.find, "FD-1001")
    solve(database, ticket.number)

    def early(session: Session) -> None:
        ticketing.find(session, "FD-1001").created_at = NOW + timedelta(hours=2)
        ticketing.find(session, "FD-1001").solved_at = NOW + timedelta(hours=3)

    assert len(database.transact(pages.page, ticket.id, 1, 0).said) == 1
    database.transact(early)
    assert database.transact(pages.page, ticket.id, 1, 0).said == []


def test_a_revoked_link_opens_nothing(database: Database) -> None:
    """Each revocation ends what was given before it; the timeline tells."""
    ticket = escalated(database)
    for given in range(3):
        assert database.transact(pages.place_for, ticket.id, 1) == (1, given)
        assert database.transact(pages.page, ticket.id, 1, given).ticket.id == ticket.id
        database.transact(pages.revoke, ticket.number, "Anna", NOW)
        with pytest.raises(NotFound):
            database.transact(pages.page, ticket.id, 1, given)
    assert timeline(database)[-1] == ("Anna", "links_revoked")


def test_a_link_is_about_a_conversation_of_the_same_person(database: Database) -> None:
    """With somebody else's ticket a conversation has nothing to do."""
    ticket = escalated(database)
    other = escalated(database, inbound("me too", "e2", BOB))
    assert database.transact(pages.place_for, ticket.id, 2) is None
    assert database.transact(pages.newest_place, other.number)[1].id == 2
    for wrong in ((ticket.id, 2), (other.id, 1), (ticket.id, 7), (7, 1), (2**31, 1)):
        with pytest.raises(NotFound):
            database.transact(pages.page, *wrong, 0)


def test_a_merged_ticket_shows_the_one_that_goes_on(database: Database) -> None:
    """With the same link, once the conversation is that one's."""
    ticket = escalated(database)
    other = escalated(database, inbound("me too", "e2", BOB))

    def merge(session: Session) -> None:
        ticketing.find(session, ticket.number).merged_into_id = other.id
        session.get_one(TicketConversation, (ticket.id, 1)).ticket_id = other.id

    database.transact(merge)
    assert database.transact(pages.page, ticket.id, 1, 0).ticket.number == other.number


@pytest.mark.parametrize(
    ("state", "answered", "due"),
    [
        (TicketState.NEW, False, "promised"),
        (TicketState.OPEN, True, "next"),
        (TicketState.PENDING, True, None),
        (TicketState.ON_HOLD, False, None),
        (TicketState.SOLVED, True, None),
    ],
)
def test_what_can_be_expected(state: TicketState, due: str | None, *, answered: bool) -> None:
    """The promise until we answered, the next answer's deadline after, and nothing while it is not our turn."""
    moments = {"promised": later(60), "next": later(120)}
    ticket = Ticket.model_construct(
        state=state,
        promised_at=moments["promised"],
        next_response_due_at=moments["next"],
        first_response_at=NOW if answered else None,
    )
    assert expected(ticket) == moments.get(due or "")


def test_a_ticket_begun_that_nobody_has_is_in_the_queue() -> None:
    """Nobody is said to be working on it."""
    words = {
        (state, agent): standing(Ticket.model_construct(state=state, assignee=agent))
        for state in (TicketState.NEW, TicketState.OPEN, TicketState.PENDING)
        for agent in (None, "Anna")
    }
    assert words[TicketState.OPEN, None] == "queue"
    assert {state.value: word for (state, agent), word in words.items() if agent} == {
        "new": "new",
        "open": "open",
        "pending": "pending",
    }


def test_a_token_is_read_back_and_no_other() -> None:
    """Not with another key, not with a digit changed, not after its days."""
    links = TicketLinks(b"k" * 32, "https://help.example.org", TicketPageSection(link_days=2))
    half = links.half(Opened(41, 412, 3), NOW)
    token = links.whole(half).rpartition("/")[2]
    assert links.read(token, NOW + timedelta(days=2)) == Opened(41, 412, 3)
    assert links.read(token, NOW + timedelta(days=2, hours=2)) is None
    assert TicketLinks(b"o" * 32, "https://help.example.org", TicketPageSection()).read(token, NOW) is None
    for place, digit in enumerate(token):
        changed = token[:place] + ("0" if digit != "0" else "1") + token[place + 1 :]
        assert links.read(changed, NOW) is None
    assert len(token.rpartition("-")[2]) == 32


def test_links_are_completed_in_texts_and_left_out_on_the_page() -> None:
    """The same at every call; what stands around them stays, and whole links are not touched again."""
    links = TicketLinks(b"k" * 32, "https://help.example.org", TicketPageSection())
    text = f"Solved.\n\nHere: {links.half(Opened(1, 2, 0), NOW)}"
    whole = links.whole(text)
    assert whole == links.whole(text) == links.whole(whole)
    assert links.without(text) == "Solved."
    nowhere = TicketLinks(b"k" * 32, None, TicketPageSection())
    assert (nowhere.whole(text), nowhere.without(text)) == (text, text)
    assert not nowhere.given("memory", public=False)
