"""How conversations ended, read by the databases, is what a slow count finds."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.store import talks
from bot.store.database import Database
from bot.store.tables import Conversation, Message, Ticket, TicketConversation
from tests.reporting import history, slowly, wanted
from tests.samples import rows


def found(database: Database, **more: str) -> Counter[tuple[object, ...]]:
    """What the database counts."""
    counted: Counter[tuple[object, ...]] = Counter()
    for each in database.transact(talks.talks, wanted(**more)):
        counted[each.date, each.channel, each.language, each.outcome, each.first, each.last] += each.count
    return counted


def expected(database: Database) -> tuple[Counter[tuple[object, ...]], dict[int, Conversation]]:
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
    return counted, conversations


@pytest.mark.parametrize("seed", range(4))
def test_talks_end_as_a_slow_count_says(database: Database, seed: int) -> None:
    """On random histories over a change of the clocks, on both databases."""
    history(database, seed, 40)
    counted, _ = expected(database)
    assert found(database) == counted
    assert len(counted) > 20
