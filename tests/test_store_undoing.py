"""Merges and splits are undone with what came since, or it is said what is against it."""

from __future__ import annotations

import pytest

from bot.errors import Refused
from bot.store import changing, handling, reading
from bot.store.database import Database
from bot.store.tables import TicketState
from channels.words import Owner
from tests.merges import PEOPLE, about, merge, opened, owners, split, standing, ticket, undo, write
from tests.samples import NOW, later, notice, take


def test_undone_merge_keeps_what_came_since(database: Database) -> None:
    """A message since then goes back with its conversation and is our turn; a fact changed since stays changed."""
    first = opened(database, "ann", facts={"coin": "BTC", "amount": "5"})
    second = opened(database, "bob")
    database.transact(handling.reply, first, "Anna", "Which?", notice, NOW)
    merge(database, first, second)
    write(database, "ann", 55)
    database.transact(changing.change, second, "Anna", {"facts": {"coin": "ETH", "amount": "5"}}, later(56))
    undo(database, second)
    back, stays = ticket(database, first), ticket(database, second)
    assert (back.state, back.waiting_since, back.assignee) == (TicketState.OPEN, later(55), "Anna")
    assert (back.facts, stays.facts) == ({"coin": "BTC", "amount": "5"}, {"coin": "ETH"})
    assert (about(database, first), about(database, second)) == ([1], [2])
    assert owners(database) == {1: Owner.AGENT, 2: Owner.QUEUE}


def test_undone_split_leaves_nobody_without_an_agent(database: Database) -> None:
    """Where only the new ticket was somebody's, the conversation is in the queue; what was said since is our turn."""
    first = opened(database, "ann")
    new = split(database, first, message_id=1)
    take(database, new, "Ben")
    write(database, "ann", 55)
    undo(database, new)
    assert owners(database) == {1: Owner.QUEUE}
    assert (ticket(database, new).state, ticket(database, first).waiting_since) == (TicketState.CLOSED, NOW)
    assert database.transact(reading.show, new).merged_into == first
    assert write(database, "ann", 60) == first


def test_undoing_says_what_is_against_it(database: Database) -> None:
    """Nothing to undo, merged again since, solved since: each is refused with its reason, and nothing changes."""
    first, second, third = (opened(database, person) for person in PEOPLE)
    with pytest.raises(Refused, match=f"{first} was neither merged nor split"):
        undo(database, first)
    merge(database, first, second)
    merge(database, second, third)
    with pytest.raises(Refused, match=f"{first} or {second} was merged or split since"):
        undo(database, first)
    undo(database, third)
    database.transact(handling.hand_back, second, "Anna", "solved", notice, NOW)
    before = standing(database)
    with pytest.raises(Refused, match=f"{second} is already solved"):
        undo(database, first)
    assert standing(database) == before
