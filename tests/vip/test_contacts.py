"""What the company says of people, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from bot.errors import Refused
from bot.routing.served import standing_of
from bot.store import contacts, routing
from bot.store.contacts import Described
from bot.store.database import Database, Session
from bot.store.inbox import receive
from bot.store.tables import Contact, Ticket, TicketEvent
from bot.tiers import Tier, Tiers
from channels.vouched import Value, Vouched
from channels.words import Inbound, Place
from tests.samples import NOW, PACE, escalated, inbound, later, rows

TIERS = Tiers(
    {
        "gold": Tier.model_validate(
            {
                "title": {"en": "Gold"},
                "rank": 2,
                "when": [{"attribute": "volume", "at_least": 1000}],
                "agents": ["Anna"],
                "agent_attribute": "manager",
            }
        ),
        "web": Tier.model_validate(
            {"title": {"en": "W"}, "rank": 1, "when": [{"attribute": "w", "one_of": [True]}], "channels": ["webchat"]}
        ),
    }
)
VOUCHED = inbound("hello", verified_by="shop")


def said(
    database: Database, attributes: Mapping[str, Value | None], at: datetime = NOW, handle: str = "ann"
) -> Described:
    """The company says so over the API."""
    return database.transact(
        contacts.vouch, "memory", handle, Vouched(attributes, at), "Crm", TIERS, NOW + timedelta(days=1)
    )


def heard(database: Database, message: Inbound = VOUCHED) -> Contact:
    """Somebody writes; their contact."""
    database.transact(receive, "memory", message, (), PACE, NOW, TIERS)
    return rows(database, Contact)[-1]


def test_tier_follows_the_attributes(database: Database) -> None:
    """Up and down again, at once."""
    heard(database)
    assert said(database, {"volume": 1000}) == Described({"volume": 1000}, "gold", known=True)
    assert rows(database, Contact)[0].attributes == {"volume": 1000}
    assert said(database, {"volume": None}, later(1)).tier == ""
    assert rows(database, Contact)[0].attributes == {}


def test_the_companys_newest_word_counts(database: Database) -> None:
    """By its own time, in whatever order it arrives; also a word that takes one away, or says the same again."""
    heard(database)
    said(database, {"volume": 1000}, later(10))
    assert said(database, {"volume": 1}, later(5)).tier == "gold"
    said(database, {"volume": 1000}, later(20))
    assert said(database, {"volume": 1}, later(15)).tier == "gold"
    said(database, {"volume": None}, later(30))
    assert said(database, {"volume": 1000}, later(25)) == Described({}, "", known=True)


def test_what_is_said_before_anybody_writes_waits(database: Database) -> None:
    """It counts from the first message on."""
    assert said(database, {"volume": 5000}) == Described({"volume": 5000}, "", known=False)
    assert heard(database).tier == "gold"


def test_only_addresses_somebody_vouches_for_have_a_tier(database: Database) -> None:
    """Anybody can write a sender: nothing is given for one, until the day the channel vouches for it."""
    heard(database, inbound())
    assert said(database, {"volume": 5000}).tier == ""
    assert heard(database, inbound(event="e2", verified_by="shop")).tier == "gold"


def test_what_a_person_or_platform_says_meets_no_condition(database: Database) -> None:
    """A platform's word is shown beside the company's, which is right where they differ."""
    claimed = {"volume": "1000", "w": "true", "username": "ann"}
    assert heard(database, inbound(verified_by="platform", attributes=claimed)).tier == ""
    said(database, {"volume": 7, "username": "ann-li"})
    again = heard(database, inbound(event="e2", verified_by="platform", attributes=claimed))
    assert (again.tier, again.attributes) == ("", {"volume": 7, "w": "true", "username": "ann-li"})


def test_signed_attributes_and_those_of_the_api_are_one(database: Database) -> None:
    """A message brings what was signed; what the API said later stays."""
    signed = Vouched({"volume": 1000, "w": True}, later(5))
    assert heard(database, inbound(verified_by="site", vouched=signed)).tier == "gold"
    assert said(database, {"volume": 1}, later(6)).tier == "web"
    assert heard(database, inbound(event="e2", verified_by="site", vouched=signed)).attributes == {
        "volume": 1,
        "w": True,
    }


def test_open_tickets_hear_of_a_new_tier(database: Database) -> None:
    """With a line each; nothing is written where nothing changes, or where the tier does not count on the channel."""
    ticket = escalated(database, VOUCHED)
    said(database, {"volume": 1000})
    said(database, {"volume": 2000}, later(1))
    said(database, {"volume": 1, "w": True}, later(2))
    said(database, {"w": False}, later(3))
    found = [event.detail for event in rows(database, TicketEvent) if event.kind == "tier_changed"]
    assert found == [{"before": "", "after": "gold"}, {"before": "gold", "after": ""}]
    assert rows(database, Ticket)[0].tier == ""
    assert ticket.tier == ""


def test_too_many_attributes_are_refused(database: Database) -> None:
    """Over several calls too, and nothing of the call is kept."""
    said(database, {f"a{number}": number for number in range(50)})
    with pytest.raises(Refused, match="51 attributes; 50 is the limit"):
        said(database, {"volume": 1000, "a1": 5}, later(1))
    assert said(database, {"a1": 7}, later(1)).attributes["a1"] == 7


def test_other_tiers_judge_everybody_anew(database: Database) -> None:
    """In steps, each behind the one before; those of whom nothing is said are left alone."""
    for number in range(3):
        place = Place(account="bot-1", handle=f"h{number}")
        heard(database, inbound(event=f"e{number}", place=place, verified_by="shop"))
    said(database, {"volume": 10}, handle="h0")
    said(database, {"volume": 10}, handle="h2")
    lower = Tiers(
        {"all": Tier.model_validate({"title": {}, "rank": 1, "when": [{"attribute": "volume", "at_least": 1}]})}
    )
    last = database.transact(contacts.judge_some, lower, 0, NOW)
    assert [contact.tier for contact in rows(database, Contact)] == ["all", "", "all"]
    assert last is not None
    assert database.transact(contacts.judge_some, lower, last, NOW) is None


def test_who_answers_a_person_first(database: Database) -> None:
    """The agent the company names, then the tier's; nobody for a ticket without a tier."""
    escalated(database, VOUCHED)

    def first(session: Session) -> tuple[str, ...]:
        (waits,) = routing.queue(session)
        return standing_of(TIERS)(waits.tier, waits.attributes).agents

    assert database.transact(first) == ()
    said(database, {"volume": 1000, "manager": "Ben"})
    assert database.transact(first) == ("Ben", "Anna")
