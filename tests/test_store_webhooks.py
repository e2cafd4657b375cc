"""What is to be told outside: written with the timeline, claimed in order, kept until it is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.api import TicketOut
from bot.errors import NotFound, Refused
from bot.store import handling, webhooks
from bot.store.agent_tables import Agent, Role
from bot.store.database import Database, Session
from bot.store.webhook_tables import DeliveryState, WebhookDelivery, WebhookEndpoint
from bot.store.webhooks import Claimed, Result
from channels.words import Place
from tests.samples import NOW, escalated, inbound, later, notice, rows, take

LEASE = timedelta(seconds=45)
URL = "https://hooks.example/in"


def add(database: Database, *kinds: str) -> int:
    """An endpoint; its id."""
    return database.transact(webhooks.add, URL, kinds, "Root", NOW).id


def claim(database: Database, seconds: float = 0, busy: dict[int, int] | None = None) -> list[Claimed]:
    """What may be told so long after."""
    return database.transact(webhooks.claim, busy or {}, 4, later(seconds), LEASE)


def finish(database: Database, claimed: Claimed, result: Result, again: float | None = None) -> None:
    database.transact(webhooks.finish, claimed, result, later(again) if again is not None else None, NOW)


def kinds(found: list[Claimed]) -> list[str]:
    return [claimed.body["type"] for claimed in found]


def test_each_line_is_told_to_who_wants_it(database: Database) -> None:
    """To everybody who asked for everything, and to others by kind, in the API's words."""
    everything, some = add(database), add(database, "ticket.taken")
    ticket = escalated(database, inbound("a human!"), facts={"coin": "BTC"})
    take(database, ticket.number)
    told = [(row.endpoint_id, row.body["type"]) for row in rows(database, WebhookDelivery)]
    assert told == [(everything, "ticket.opened"), (everything, "ticket.taken"), (some, "ticket.taken")]
    body = rows(database, WebhookDelivery)[2].body
    assert (body["data"]["ticket"]["number"], body["data"]["ticket"]["state"]) == (ticket.number, "open")
    assert body["data"]["event"] == {"at": NOW.isoformat(), "actor": "Anna", "kind": "taken", "detail": {}}
    assert set(body["data"]["ticket"]) <= set(TicketOut.model_fields)
    assert "BTC" not in str(body)


def test_notes_stay_inside(database: Database) -> None:
    """That there is one is told, what it says is not."""
    add(database, "ticket.note")
    ticket = escalated(database)
    database.transact(handling.note, ticket.number, "Anna", "he is lying", NOW)
    (row,) = rows(database, WebhookDelivery)
    assert row.body["data"]["event"]["detail"] == {}


def test_a_line_that_is_not_written_is_not_told(database: Database) -> None:
    """Both are one transaction."""
    add(database)
    ticket = escalated(database)

    def fails(session: Session) -> None:
        handling.note(session, ticket.number, "Anna", "never", NOW)
        raise Refused("no")

    with pytest.raises(Refused):
        database.transact(fails)
    assert kinds(claim(database)) == ["ticket.opened"]


def test_order_is_kept_within_a_ticket(database: Database) -> None:
    """What came later waits while the earlier is on its way or put off; other tickets do not."""
    add(database)
    first = escalated(database)
    second = escalated(database, inbound("me too", "e2", place=Place(account="bot-1", handle="bob")))
    take(database, first.number)
    found = claim(database)
    assert [row.body["data"]["ticket"]["number"] for row in found] == [first.number, second.number]
    assert claim(database) == []
    finish(database, found[0], Result("answered 500", 500), again=30)
    finish(database, found[1], Result(status=200))
    assert claim(database, 10) == []
    (again,) = claim(database, 30)
    assert (again.key, again.attempts) == (found[0].key, 2)
    finish(database, again, Result(status=204))
    assert kinds(claim(database, 31)) == ["ticket.taken"]


def test_what_is_given_up_lets_the_next_pass(database: Database) -> None:
    """And stays to be seen, with its reason."""
    add(database)
    ticket = escalated(database)
    take(database, ticket.number)
    (found,) = claim(database)
    finish(database, found, Result("no answer in time"))
    assert kinds(claim(database)) == ["ticket.taken"]
    (view,) = database.transact(webhooks.views)
    assert (view.queued, view.failed, view.endpoint.failing_since) == (1, 1, NOW)


def test_a_try_that_nobody_finished_is_made_again(database: Database) -> None:
    """After a crash, under the same key; who was only slow changes nothing any more."""
    add(database)
    escalated(database)
    (lost,) = claim(database)
    assert claim(database, 44) == []
    (again,) = claim(database, 46)
    assert again.key == lost.key
    finish(database, lost, Result("no answer in time"))
    assert rows(database, WebhookDelivery)[0].state is DeliveryState.QUEUED
    finish(database, again, Result(status=200))
    assert rows(database, WebhookDelivery)[0].state is DeliveryState.SENT


def test_busy_endpoints_get_no_more(database: Database) -> None:
    """Whatever waits for them; the others do."""
    slow, quick = add(database), add(database)
    escalated(database)
    assert [found.endpoint_id for found in claim(database, busy={slow: 4})] == [quick]


def test_an_arrival_ends_the_failing(database: Database) -> None:
    """`failing_since` is the first failure in a row."""
    endpoint_id = add(database)
    escalated(database)
    for attempt in (1, 2):
        (found,) = claim(database, attempt * 100)
        finish(database, found, Result("answered 500", 500, "x" * 999), again=0)
    row = rows(database, WebhookEndpoint)[0]
    assert row.failing_since == NOW
    assert len(rows(database, WebhookDelivery)[0].answer) == 200
    (found,) = claim(database, 300)
    finish(database, found, Result(status=200))
    assert database.transact(webhooks.find, endpoint_id).failing_since is None


def test_replay_tells_the_same_again(database: Database) -> None:
    """Under the same key, with all its tries; not while it is still to be told, and not what nobody knows."""
    add(database)
    escalated(database)
    (found,) = claim(database)
    with pytest.raises(Refused, match="still to be told"):
        database.transact(webhooks.replay, found.key, NOW)
    finish(database, found, Result(status=200))
    database.transact(webhooks.replay, found.key, later(5))
    (again,) = claim(database, 5)
    assert (again.key, again.attempts, again.body) == (found.key, 1, found.body)
    for key in ("msg_none", "\x00", "ÿ"):
        with pytest.raises(NotFound):
            database.transact(webhooks.replay, key, NOW)


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "removed"])
def test_who_is_gone_is_told_nothing_more(database: Database, *, gone: bool) -> None:
    """Whether the endpoint said so or an admin did; what waits is given up, and says why."""
    endpoint_id = add(database)
    ticket = escalated(database)
    take(database, ticket.number)
    (found,) = claim(database)
    if gone:
        finish(database, found, Result("the endpoint says that it is gone", 410, gone=True))
    else:
        database.transact(webhooks.remove, endpoint_id, NOW)
    database.transact(handling.hand_back, ticket.number, "Anna", "solved", notice, NOW)
    assert {row.state for row in rows(database, WebhookDelivery)} == {DeliveryState.FAILED}
    assert len(rows(database, WebhookDelivery)) == 2
    assert claim(database, 1000) == []


def test_a_removed_endpoint_is_not_there(database: Database) -> None:
    """Nor one that never was, whatever its number."""
    endpoint_id = add(database)
    database.transact(webhooks.remove, endpoint_id, NOW)
    for unknown in (endpoint_id, 0, -1, 2**40):
        with pytest.raises(NotFound):
            database.transact(webhooks.find, unknown)


def test_endpoints_are_bounded(database: Database) -> None:
    """Every line makes a row for each."""
    for _ in range(webhooks.MOST_ENDPOINTS):
        add(database)
    with pytest.raises(Refused, match="remove one first"):
        add(database)


def test_what_is_old_is_forgotten(database: Database) -> None:
    """Unless it is still to be told."""
    add(database)
    ticket = escalated(database)
    take(database, ticket.number)
    (found,) = claim(database)
    finish(database, found, Result(status=200))
    assert database.transact(webhooks.tidy, NOW) == 0
    assert database.transact(webhooks.tidy, later(1)) == 1
    assert database.transact(webhooks.queued) == 1


@pytest.mark.parametrize(
    ("role", "removed", "may"), [(Role.ADMIN, False, True), (Role.LEAD, False, False), (Role.ADMIN, True, False)]
)
def test_admins_manage_webhooks(database: Database, role: Role, *, removed: bool, may: bool) -> None:
    """Nobody else, and nobody who is gone."""
    agent = Agent(name="Root", email="r@x.org", role=role, created_at=NOW, removed_at=NOW if removed else None)
    database.transact(lambda session: session.add(agent))
    assert database.transact(webhooks.may_manage, "Root") is may
    assert not database.transact(webhooks.may_manage, "Anna")
