"""The loop: gives, takes back, files under teams, and outlives a database that is down."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

import bot.routing.router
from bot.conversation import Content
from bot.errors import NotFound
from bot.routing.router import Router
from bot.routing.settings import Routing, Team
from bot.routing.view import Standing
from bot.store import presence
from bot.store.agent_tables import Presence
from bot.store.database import Database, Session
from bot.store.tables import Contact, Conversation, Message, TicketEvent
from channels.words import Author, Owner
from tests.routing.people import change, hire, presence_of, set_ticket, ticket, wait_for_human
from tests.samples import NOW, later, rows, take, timeline, until

TEAMS = {"payments": Team(categories=("withdrawal",), skills=("p2p",)), "chinese": Team(languages=("zh",))}


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The loop's clock: its last is now."""
    moments = [NOW]
    monkeypatch.setattr(bot.routing.router, "now", lambda: moments[-1])
    return moments


def router(database: Database, content: Content, **section: object) -> Router:
    """The loop with these settings; gold comes before all others, and has Dora."""
    tiers = {"gold": Standing(1, ("Dora",))}
    settings = Routing.model_validate({"automatic": True, **section})
    return Router(
        database,
        content.answers,
        settings,
        lambda tier, known: tiers.get(tier) or Standing(0, tuple(known.get("own", ()))),
    )


def work(database: Database, *names: str) -> None:
    """They are there."""
    for name in names:
        hire(database, name)
        database.transact(presence.set_presence, name, Presence.ONLINE, NOW)


def assignees(database: Database, *numbers: str) -> list[str | None]:
    return [ticket(database, number).assignee for number in numbers]


def said(database: Database) -> list[str]:
    """What Frontdesk itself told."""
    return [message.text for message in rows(database, Message) if message.author is Author.SYSTEM]


async def test_gives_in_order(sqlite: Database, content: Content) -> None:
    """With one place left it goes to the gold customer, then to what is urgent; the user is told who joined."""
    low, urgent, gold = (
        wait_for_human(sqlite, "ann", priority="low"),
        wait_for_human(sqlite, "bob", priority="urgent"),
        wait_for_human(sqlite, "cid", priority="low"),
    )
    set_ticket(sqlite, gold, tier="gold")
    hire(sqlite, "Anna", capacity=1)
    await router(sqlite, content).look()
    assert assignees(sqlite, low, urgent, gold) == [None, None, "Anna"]
    assert said(sqlite) == [content.answers.sentence("agent_joined", "en", agent="Anna")]
    hire(sqlite, "Ben", capacity=1)
    await router(sqlite, content).look()
    assert assignees(sqlite, low, urgent, gold) == [None, "Ben", "Anna"]


async def test_without_automatic_tickets_are_left_to_be_taken(sqlite: Database, content: Content) -> None:
    """Nothing is given, but what an agent leaves behind comes back all the same."""
    work(sqlite, "Anna")
    number, left = wait_for_human(sqlite), wait_for_human(sqlite, "bob")
    take(sqlite, left, "Anna")
    change(sqlite, "Anna", removed_at=NOW)
    hire(sqlite, "Ben")
    await router(sqlite, content, automatic=False).look()
    assert assignees(sqlite, number, left) == [None, None]


async def test_removed_agent_strands_nobody(sqlite: Database, content: Content) -> None:
    """Removed while holding tickets: in one look they are with somebody else, the user told of both once."""
    number = wait_for_human(sqlite)
    take(sqlite, number, "Anna")
    hire(sqlite, "Anna", removed_at=NOW)
    work(sqlite, "Ben")
    await router(sqlite, content).look()
    await router(sqlite, content).look()
    assert assignees(sqlite, number) == ["Ben"]
    assert said(sqlite)[1:] == [
        content.answers.sentence("handed_on", "en", ticket=number),
        content.answers.sentence("agent_joined", "en", agent="Ben"),
    ]
    assert [event.kind for event in rows(sqlite, TicketEvent)][-2:] == ["returned", "assigned"]


async def test_silence_brings_tickets_back(sqlite: Database, content: Content, at: list[datetime]) -> None:
    """An agent without a sign of life is away, keeps what they have for a while, then it is in the queue again."""
    work(sqlite, "Anna")
    number = wait_for_human(sqlite)
    loop = router(sqlite, content)
    for seconds, who in ((0, "Anna"), (5 * 60, "Anna"), (14 * 60, "Anna"), (15 * 60, None)):
        at.append(later(seconds))
        await loop.look()
        assert assignees(sqlite, number) == [who]
    assert presence_of(sqlite, "Anna") is Presence.OFFLINE
    assert {found.owner for found in rows(sqlite, Conversation)} == {Owner.QUEUE}


async def test_clock_put_back_changes_nothing(sqlite: Database, content: Content, at: list[datetime]) -> None:
    """An hour back in the middle: nobody is away for it, and nothing comes back."""
    work(sqlite, "Anna")
    number = wait_for_human(sqlite)
    loop = router(sqlite, content)
    for seconds in (0, -3600, -3600 + 290):
        at.append(later(seconds))
        await loop.look()
    assert (assignees(sqlite, number), presence_of(sqlite, "Anna")) == (["Anna"], Presence.ONLINE)


async def test_unanswered_goes_to_somebody_else(sqlite: Database, content: Content, at: list[datetime]) -> None:
    """Who was given a ticket and does nothing loses it to another who is there, though they have as little to do."""
    work(sqlite, "Anna")
    number = wait_for_human(sqlite)
    loop = router(sqlite, content, answer_minutes=3)
    await loop.look()
    hire(sqlite, "Ben")
    at.append(later(180))
    await loop.look()
    assert assignees(sqlite, number) == ["Ben"]


async def test_tickets_come_to_their_team(sqlite: Database, content: Content) -> None:
    """By category, then by language; to whoever is in the team and has what it asks for."""
    work(sqlite, "Anna", "Ben", "Chen")
    change(sqlite, "Anna", teams=["payments"])
    change(sqlite, "Ben", teams=["payments"], skills=["p2p"])
    change(sqlite, "Chen", teams=["chinese"], capacity=1)
    paid, chinese, other = (
        wait_for_human(sqlite, "ann"),
        wait_for_human(sqlite, "bob", category="fees", language="zh"),
        wait_for_human(sqlite, "cid", category="fees"),
    )
    await router(sqlite, content, teams=TEAMS).look()
    assert [ticket(sqlite, number).team for number in (paid, chinese, other)] == ["payments", "chinese", ""]
    assert assignees(sqlite, paid, chinese, other) == ["Ben", "Chen", "Anna"]


async def test_team_that_is_no_more_is_everybody(sqlite: Database, content: Content) -> None:
    """A ticket in the queue of a team that was taken out of the settings goes to whoever is there."""
    work(sqlite, "Anna")
    number = wait_for_human(sqlite)
    set_ticket(sqlite, number, team="dissolved")
    await router(sqlite, content).look()
    assert assignees(sqlite, number) == ["Anna"]


async def test_own_agent_of_a_contact(sqlite: Database, content: Content) -> None:
    """An agent named by the contact's attributes gets the ticket; a name that is nobody's changes nothing."""
    work(sqlite, "Anna", "Ben")
    numbers = [wait_for_human(sqlite, who) for who in ("ann", "bob", "cid")]
    for contact, own in zip(rows(sqlite, Contact), (["Ben"], ["Nobody"], []), strict=True):
        sqlite.transact(_know, contact.id, own)
    await router(sqlite, content).look()
    assert assignees(sqlite, *numbers) == ["Ben", "Anna", "Anna"]


async def test_leaving_is_at_once(sqlite: Database, content: Content) -> None:
    """Who says that they leave has nothing left when it is said; only agents of the desk can say so."""
    work(sqlite, "Anna")
    number = wait_for_human(sqlite)
    loop = router(sqlite, content)
    await loop.look()
    await loop.set_presence("Anna", Presence.OFFLINE)
    assert assignees(sqlite, number) == [None]
    assert timeline(sqlite)[-1] == ("frontdesk", "returned")
    await loop.seen("Anna")
    assert presence_of(sqlite, "Anna") is Presence.OFFLINE
    with pytest.raises(NotFound):
        await loop.set_presence("Somebody in a staff room", Presence.OFFLINE)


async def test_loop_outlives_a_database_that_is_down(
    sqlite: Database, content: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so and looks again."""
    monkeypatch.setattr(bot.routing.router, "LOOK", 0)
    sqlite.transact(lambda session: session.execute(text("DROP TABLE attendance")))
    with capture_logs() as logs:
        running = asyncio.create_task(router(sqlite, content).run())
        await until(lambda: [line["event"] for line in logs].count("storage_down") > 1)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    assert {line["doing"] for line in logs if line["event"] == "storage_down"} == {"routing"}


def _know(session: Session, contact_id: int, own: object) -> None:
    session.get_one(Contact, contact_id).attributes = {"own": own}


def test_gone_before_away_is_refused() -> None:
    """Settings under which nobody would ever be away are an error."""
    with pytest.raises(ValueError, match="nobody would ever be away"):
        Routing(away_minutes=10, gone_minutes=9)
