"""What people in the queue are told: their place, a range, or when people are back; in their language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.aside import Aside
from bot.conversation import Content, Conversations
from bot.routing.places import Expected, Places, told
from bot.routing.served import opening_of, standing_of
from bot.routing.settings import Routing, Team
from bot.routing.view import Standing
from bot.routing.waiting import Range
from bot.settings import Settings
from bot.sla.policies import Policies
from bot.sla.sections import CalendarSection, PolicySection
from bot.store import handling, outbox
from bot.store.agent_tables import Presence
from bot.store.database import Database
from bot.store.tables import Message, TicketState
from bot.tiers import Tier, Tiers
from channels.memory import Memory
from channels.words import Author, Place
from tests.floor import Mind
from tests.routing.people import hire, set_ticket, wait_for_human
from tests.samples import NOW, arrive, escalation, inbound, later, notice, rows, take

SECTION = Routing(teams={"payments": Team(categories=("withdrawal",))})
LUNCH = datetime(2026, 3, 2, 13, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def handled(database: Database, minutes: float = 8, count: int = 5, **more: Any) -> None:
    """So many tickets of the team were answered lately, each after so long."""
    for place in range(count):
        number = wait_for_human(database, f"before-{place}", **more)
        opened = NOW - timedelta(days=1, hours=place)
        set_ticket(
            database,
            number,
            team="payments",
            assignee="Anna",
            state=TicketState.SOLVED,
            created_at=opened,
            first_response_at=opened + timedelta(minutes=minutes),
        )


async def expected(database: Database, number: str, **more: Any) -> Expected | None:
    return await Places(database, SECTION, **more).of_ticket(number, NOW)


async def test_place_and_range(database: Database) -> None:
    """Each stands behind who is served before, in its own team's queue, and waits so much longer."""
    handled(database)
    hire(database, "Anna")
    late, early = wait_for_human(database, "ann"), wait_for_human(database, "bob")
    other, urgent = wait_for_human(database, "cid", category="fees"), wait_for_human(database, "dan", priority="high")
    set_ticket(database, early, waiting_since=later(-60))
    assert await expected(database, urgent) == Expected(1)
    assert await expected(database, early) == Expected(2, Range(15, 20))
    assert await expected(database, late) == Expected(3, Range(20, 30))
    assert await expected(database, other) == Expected(1)


async def test_higher_tier_stands_before(sqlite: Database) -> None:
    """Who is served first by their tier is told so."""
    first, gold = wait_for_human(sqlite, "ann"), wait_for_human(sqlite, "bob")
    set_ticket(sqlite, gold, tier="gold")
    found = [await expected(sqlite, number, standing=lambda tier, _: Standing(len(tier))) for number in (first, gold)]
    assert found == [Expected(2), Expected(1)]


async def test_nothing_is_made_up(sqlite: Database) -> None:
    """Without anybody there, or with too few seen, the place alone is known; out of the queue nothing is."""
    number, taken = wait_for_human(sqlite), wait_for_human(sqlite, "bob")
    take(sqlite, taken)
    assert await expected(sqlite, taken) is None
    assert await expected(sqlite, "FD-9999") is None
    hire(sqlite, "Anna")
    assert await expected(sqlite, number) == Expected(1)
    handled(sqlite)
    assert await expected(sqlite, number) == Expected(1, Range(5, 10))


async def test_out_of_hours_the_opening_is_told(sqlite: Database) -> None:
    """While nobody is there the wait is when people are back, and nights count for no wait of those before."""
    number = wait_for_human(sqlite)
    assert await expected(sqlite, number, opens_at=lambda *_: LUNCH) == Expected(1, back_at=LUNCH)
    handled(sqlite, minutes=600)
    hire(sqlite, "Anna")

    def nights(_priority: str, _category: str, _tier: str, at: datetime) -> datetime | None:
        """Everybody came nine hours and fifty minutes before the opening."""
        return at + timedelta(minutes=590) if at < NOW else None

    assert await expected(sqlite, number, opens_at=nights) == Expected(1, Range(5, 10))


async def test_newcomer_stands_behind(sqlite: Database) -> None:
    """Who is about to join the queue is told the place they will have."""
    handled(sqlite)
    hire(sqlite, "Anna")
    wait_for_human(sqlite)
    conversation_id = arrive(sqlite, inbound("hi", "bob-1", Place(account="bot-1", handle="bob"))).conversation_id
    places = Places(sqlite, SECTION)
    assert await places.of_newcomer(conversation_id, escalation(), NOW) == Expected(2, Range(15, 20))
    assert await places.of_newcomer(conversation_id, escalation(priority="urgent"), NOW) == Expected(1)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "You are number 2 in the queue. At present an answer takes 45 minutes to 2 hours."),
        ("zh", "您目前排在第 2 位，现在大约需要45分钟到2小时得到回复。"),
    ],
)
def test_range_is_told_in_words(content: Content, language: str, sentence: str) -> None:
    """Place and range, with the units of the language."""
    assert told(content.answers, language, Expected(2, Range(45, 120))) == sentence


def test_opening_is_told_in_words(content: Content) -> None:
    """Day, time and zone, in the calendar's own zone."""
    assert told(content.answers, "en", Expected(1, back_at=LUNCH)) == (
        "Nobody is at the desk right now; we are back on Mon, Mar 2, 13:00 (China Standard Time)."
    )
    assert "13:00" in told(content.answers, "zh", Expected(1, back_at=LUNCH))


def test_place_alone_is_told_in_words(content: Content) -> None:
    """Where nobody knows how long it takes, no number of minutes is in it."""
    assert told(content.answers, "en", Expected(4)) == "You are number 4 in the queue."


async def say(database: Database, content: Content, settings: Settings, text: str, event: str) -> str:
    """Ann says something; what she is told, "" for nothing."""
    talks = Conversations(
        database, content, Mind(), settings, {"memory": Memory()}, Aside(places=Places(database, settings.routing))
    )
    before = len(rows(database, Message))
    arrival = arrive(database, inbound(text, event))
    turn = await talks.load(arrival.conversation_id)
    assert turn
    await talks.handle(turn)
    return "\n".join(message.text for message in rows(database, Message)[before:] if message.author is Author.BOT)


@pytest.mark.parametrize("question", ["How long?", "还要多久？", "status fd-1001", "FD-1001"])
async def test_asking_in_the_queue_is_answered(
    sqlite: Database, content: Content, settings: Settings, question: str
) -> None:
    """The escalation names the place, and so does the answer to asking how long; anything else is left to the human."""
    wait_for_human(sqlite, "bob", category="general", language="en")
    assert "number 2 in the queue" in await say(sqlite, content, settings, "I want a human", "e1")
    answer = await say(sqlite, content, settings, question.replace("1001", "1002"), "e2")
    assert "FD-1002" in answer
    assert "number 2 in the queue" in answer or "第 2 位" in answer
    assert rows(sqlite, Message)[-1].choices == []
    assert await say(sqlite, content, settings, "my order 7 is how long in the queue", "e3") == ""


async def test_nobody_is_told_of_the_tickets_of_others(sqlite: Database, content: Content, settings: Settings) -> None:
    """The number of somebody else's ticket tells nothing of it."""
    other = wait_for_human(sqlite, "bob")
    await say(sqlite, content, settings, "human", "e1")
    assert "queue" not in await say(sqlite, content, settings, f"status {other}", "e2")


async def test_place_is_not_told_over_a_human(sqlite: Database, content: Content, settings: Settings) -> None:
    """Once somebody took it the bot is silent, also with what it was about to say."""
    await say(sqlite, content, settings, "human", "e1")
    await say(sqlite, content, settings, "how long", "e2")
    sqlite.transact(handling.take, "FD-1001", "Anna", notice, NOW)
    assert await say(sqlite, content, settings, "how long", "e3") == ""
    sent = sqlite.transact(outbox.claim, ["memory"], later(86400 * 365 * 5), 10)
    assert [dispatch.message.author for dispatch in sent] == [Author.SYSTEM]


async def test_presence_of_nobody_is_no_hand(sqlite: Database) -> None:
    """Agents who are away are not counted among those who answer."""
    handled(sqlite)
    hire(sqlite, "Anna", Presence.AWAY)
    assert await expected(sqlite, wait_for_human(sqlite)) == Expected(1)


def test_tiers_and_calendars_as_configured() -> None:
    """A tier's rank and agents, the person's own first, and the calendar of the policy that matches the ticket."""
    tiers = {"gold": Tier(title={}, rank=3, agents=("Anna",), agent_attribute="manager")}
    standing = standing_of(Tiers(tiers))
    assert standing("gold", {"manager": "Ben"}) == Standing(3, ("Ben", "Anna"))
    assert (standing("", {"manager": "Ben"}), standing("dissolved", {})) == (Standing(), Standing())
    office = CalendarSection.model_validate({"zone": "Asia/Shanghai", "hours": {"mon": "13:00-18:00"}})
    always = PolicySection.model_validate({"first_response": "1h"})
    gold = PolicySection.model_validate({"first_response": "1h", "calendar": "office", "tier": "gold"})
    opens_at = opening_of(Policies({"office": office}, {"all": always, "gold": gold}))
    assert opens_at("normal", "fees", "", NOW) is None
    assert opens_at("normal", "fees", "gold", datetime(2026, 3, 1, 12, 0, tzinfo=UTC)) == LUNCH
    assert opens_at("normal", "fees", "gold", LUNCH) is None
