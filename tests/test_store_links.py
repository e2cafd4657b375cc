"""A link from a public place opens once, whoever asks, on either database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from bot.errors import Refused
from bot.store import handling, links
from bot.store.database import Database, Session
from bot.store.links import Offer, Welcome
from bot.store.tables import Conversation, Message, TicketConversation
from channels.words import Owner, Place
from tests.samples import NOW, escalated, later, notice, rows, timeline

DAY = timedelta(hours=24)


def visitor(number: int) -> Place:
    return Place(account="chat", handle=f"anon:{number}")


def given(database: Database, digest: str = "d", conversation_id: int = 1) -> None:
    database.transact(links.offer, conversation_id, Offer(digest, {"topic": "deposit_missing"}, DAY), NOW)


def greet(language: str | None, remembered: dict[str, object], owner: Owner) -> Welcome:
    return Welcome(f"{remembered['topic']} in {language}", dict(remembered), asks=owner is Owner.QUEUE)


def claim(database: Database, place: Place, digest: str = "d", seconds: float = 0) -> None:
    database.transact(links.claim, digest, "webchat", place, greet, later(seconds))


def owners(database: Database) -> list[str]:
    return [conversation.owner.value for conversation in rows(database, Conversation)]


def test_a_claim_begins_a_conversation_on_the_ticket(database: Database) -> None:
    """With the bot where the ticket waits in the queue, in the language of before, and nothing public in it."""
    escalated(database)
    given(database)
    claim(database, visitor(1))
    assert owners(database) == ["queue", "bot"]
    private = rows(database, Conversation)[1]
    assert (private.public, private.dialogue) == (False, {"topic": "deposit_missing"})
    assert rows(database, Message)[-1].text == "deposit_missing in en"
    assert timeline(database)[-1] == ("user", "moved")


def test_a_claim_is_refused_where_it_is_late_or_second(database: Database) -> None:
    """Only its own visitor may make it again."""
    escalated(database)
    given(database)
    with pytest.raises(Refused):
        claim(database, visitor(1), "another")
    with pytest.raises(Refused):
        claim(database, visitor(1), seconds=DAY.total_seconds())
    claim(database, visitor(1), seconds=DAY.total_seconds() - 1)
    claim(database, visitor(1), seconds=DAY.total_seconds() + 1)
    with pytest.raises(Refused):
        claim(database, visitor(2))
    given(database, "next")
    with pytest.raises(Refused):
        claim(database, visitor(1), "next")
    assert len(rows(database, Conversation)) == 2


def test_a_newer_link_ends_the_older(database: Database) -> None:
    """What was opened before stays open to who opened it."""
    escalated(database)
    given(database, "first")
    given(database, "second")
    with pytest.raises(Refused):
        claim(database, visitor(1), "first")
    claim(database, visitor(1), "second")
    given(database, "third")
    claim(database, visitor(1), "second")


def test_taking_a_ticket_takes_what_went_on_in_private(database: Database) -> None:
    """Both conversations, and the agent is announced in the newer one alone; given back, both are the bot's."""
    number = escalated(database).number
    given(database)
    claim(database, visitor(1))
    database.transact(handling.take, number, "Anna", notice, NOW)
    assert owners(database) == ["agent", "agent"]
    assert [message.conversation_id for message in rows(database, Message) if message.author_name == "Anna"] == [2]
    database.transact(handling.hand_back, number, "Anna", "solved", notice, NOW)
    assert owners(database) == ["bot", "bot"]


@pytest.mark.parametrize("attempt", range(5))
def test_a_claim_and_a_take_at_once_leave_nobody_between(database: Database, attempt: int) -> None:
    """Whichever comes first, the agent has both conversations, and of two who claim one gets it."""
    number = escalated(database).number
    given(database)
    together = Barrier(3)

    def claims(which: int) -> bool:
        together.wait(timeout=10)
        try:
            claim(database, visitor(which))
        except Refused:
            return False
        return True

    def takes() -> bool:
        together.wait(timeout=10)
        database.transact(handling.take, number, f"Anna {attempt}", notice, NOW)
        return True

    with ThreadPoolExecutor(3) as threads:
        tries = [threads.submit(claims, 1), threads.submit(claims, 2), threads.submit(takes)]
        assert sorted(each.result(timeout=20) for each in tries) == [False, True, True]
    assert owners(database) == ["agent", "agent"]
    assert database.transact(linked) == 2


def linked(session: Session) -> int:
    return len(session.execute(select(TicketConversation.conversation_id)).all())  # type: ignore[call-overload]
