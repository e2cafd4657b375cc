"""Webhooks sent for real: over TLS, to receivers that behave and to those that do not."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import trustme
from fastapi import FastAPI
from sqlmodel import col, update
from standardwebhooks import Webhook
from structlog.testing import capture_logs

import bot.webhooks.sender
from bot import api
from bot.conversation import Content
from bot.errors import Refused, StorageDown
from bot.files import Files
from bot.outside_sections import WebhookSection
from bot.store import tokens, webhooks
from bot.store.agent_tables import Agent, Role
from bot.store.database import Database, Session
from bot.store.webhook_tables import DeliveryState, WebhookDelivery
from bot.tickets import Tickets
from bot.webhooks import api as webhooks_api
from bot.webhooks.desk import Webhooks
from bot.webhooks.sender import PAUSES, Sender, again_at
from bot.webhooks.signing import secret
from channels.words import Place
from tests.receiver import Behaviour, Receiver, answering, breaks, drips, floods, hangs, receiving
from tests.samples import NOW, escalated, inbound, rows, take, until

KEY = b"k" * 32
HOST = "hooks.example"


@dataclass
class Outside:
    """A sender, what it sends to, and where the name of that leads."""

    database: Database
    receiver: Receiver
    sender: Sender
    hooks: Webhooks
    addresses: list[str]
    asked: int = 0

    async def add(self, path: str = "/in", *kinds: str) -> int:
        endpoint, _ = await self.hooks.add(f"https://{HOST}:{self.receiver.port}{path}", kinds, "Root")
        return endpoint.id

    def states(self) -> list[tuple[str, str]]:
        """(state, error) of every delivery."""
        return [(row.state.value, row.error) for row in rows(self.database, WebhookDelivery)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.sender.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Whose certificates the sender believes."""
    return trustme.CA()


@asynccontextmanager
async def outside_of(
    database: Database, authority: trustme.CA, *, seconds: float = 1, allow_private: bool = True, name: str = HOST
) -> AsyncIterator[Outside]:
    tls, trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(name).configure_cert(tls)
    authority.configure_trust(trust)
    async with receiving(tls) as receiver:
        addresses = ["127.0.0.1"]

        async def resolve(host: str, port: int) -> list[str]:
            found.asked += 1
            assert (host, port) == (HOST, receiver.port)
            return addresses

        # Shorter than an operator may set: these receivers never answer.
        settings = WebhookSection.model_construct(
            allow_private=allow_private, timeout_seconds=seconds, at_once=2, keep_days=30
        )
        sender = Sender(database, KEY, settings, resolve, trust)
        hooks = Webhooks(database, KEY, sender, allow_private=allow_private)
        found = Outside(database, receiver, sender, hooks, addresses)
        yield found


@pytest.fixture
async def outside(sqlite: Database, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Outside]:
    """A receiver whose name leads to this machine, which is allowed."""
    monkeypatch.setattr(bot.webhooks.sender, "LOOK", 0.02)
    async with outside_of(sqlite, authority) as outside:
        yield outside


async def test_what_arrives_is_signed_and_whole(outside: Outside) -> None:
    """The library's own check takes it, with the secret that was told at the start; TLS asked for the host's name."""
    endpoint, told = await outside.hooks.add(f"https://{HOST}:{outside.receiver.port}/in?a=1", [], "Root")
    ticket = escalated(outside.database)
    async with outside.running():
        await until(lambda: outside.states() == [("sent", "")])
    (request,) = outside.receiver.requests
    body = Webhook(told).verify(request.body, request.headers)
    assert (body["type"], body["data"]["ticket"]["number"]) == ("ticket.opened", ticket.number)
    assert (request.path, request.sni) == ("/in?a=1", HOST)
    assert request.headers["host"] == f"{HOST}:{outside.receiver.port}"
    assert request.headers["webhook-id"] == rows(outside.database, WebhookDelivery)[0].key
    assert told not in str(rows(outside.database, type(endpoint)))
    assert outside.asked == 1


async def test_replay_comes_under_the_same_id(outside: Outside) -> None:
    """With a signature of its own time."""
    await outside.add()
    escalated(outside.database)
    async with outside.running():
        await until(lambda: outside.states() == [("sent", "")])
        await outside.hooks.replay(rows(outside.database, WebhookDelivery)[0].key, "Root")
        await until(lambda: len(outside.receiver.requests) == 2)
    first, again = outside.receiver.requests
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.body == again.body


@pytest.mark.parametrize(
    ("behaviour", "error", "status"),
    [
        (hangs, "no answer in time", None),
        (drips, "no answer in time", None),
        (breaks, "no connection: RemoteProtocolError", None),
        (answering("500 Oh", body=b"<b>no</b>\x1b[31m" + b"x" * 5000), "answered 500", 500),
        (answering("302 Found", "Location: http://169.254.169.254/"), "answered 302 (redirects are not", 302),
        (answering("307 Found", "Location: https://127.0.0.1/"), "answered 307 (redirects are not", 307),
        (answering("200 " + "x" * 200_000), "no connection: RemoteProtocolError", None),
    ],
    ids=["hangs", "drips", "breaks", "500", "redirects", "redirects-307", "endless-head"],
)
async def test_who_does_not_take_it_is_told_again(
    outside: Outside, behaviour: Behaviour, error: str, status: int | None
) -> None:
    """Later; why it failed is written down, and no more than the beginning of what was answered."""
    await outside.add()
    outside.receiver.behaviours["/in"] = behaviour
    escalated(outside.database)
    async with outside.running():
        await until(lambda: outside.states()[0][1])
    (row,) = rows(outside.database, WebhookDelivery)
    assert (row.state, row.attempts, row.status) == (DeliveryState.QUEUED, 1, status)
    assert row.error.startswith(error)
    assert len(row.answer) <= 200
    assert "\x1b" not in row.answer
    assert outside.receiver.connections == 1
    (view,) = await outside.hooks.list()
    assert view.endpoint.failing_since


async def test_an_endless_answer_is_not_read(outside: Outside) -> None:
    """Nor unpacked; that it was taken counts."""
    await outside.add()
    outside.receiver.behaviours["/in"] = floods
    escalated(outside.database)
    async with outside.running():
        await until(lambda: outside.states() == [("sent", "")])
    assert len(rows(outside.database, WebhookDelivery)[0].answer) == 200


async def test_who_hangs_delays_nobody_else(sqlite: Database, authority: trustme.CA) -> None:
    """And has no more connections than it may have."""
    async with outside_of(sqlite, authority, seconds=30) as outside:
        await outside.add("/hangs")
        await outside.add("/in")
        outside.receiver.behaviours["/hangs"] = hangs
        for event in ("e1", "e2", "e3", "e4"):
            escalated(sqlite, inbound("help", event, place=Place(account="bot-1", handle=event)))
        async with outside.running():
            await until(lambda: [state for state, _ in outside.states()].count("sent") == 4)
        assert outside.receiver.most["/hangs"] == 2


async def test_who_says_that_it_is_gone_is_told_no_more(outside: Outside) -> None:
    """Until an admin switches it on again."""
    endpoint_id = await outside.add()
    outside.receiver.behaviours["/in"] = answering("410 Gone")
    ticket = escalated(outside.database)
    async with outside.running():
        await until(lambda: outside.states()[0][0] == "failed")
    take(outside.database, ticket.number)
    assert len(outside.states()) == 1
    await outside.hooks.switch(endpoint_id, "Root", enabled=True)
    assert (await outside.hooks.test(endpoint_id)).status == 410


async def test_a_name_that_leads_inward_is_not_connected_to(sqlite: Database, authority: trustme.CA) -> None:
    """Though it led outward when it was added."""
    async with outside_of(sqlite, authority, allow_private=False) as outside:
        endpoint_id = await outside.add()
        outside.addresses[:] = ["93.184.216.34", "127.0.0.1"]
        assert (await outside.hooks.test(endpoint_id)).error == "the host leads to an address that is not public"
        assert outside.receiver.connections == 0
        with pytest.raises(Refused):
            await outside.hooks.add("https://127.0.0.1/", [], "Root")


async def test_another_host_s_certificate_is_not_believed(sqlite: Database, authority: trustme.CA) -> None:
    """The address is connected to, the name is checked."""
    async with outside_of(sqlite, authority, name="other.example") as outside:
        result = await outside.hooks.test(await outside.add())
        assert result.error == "no connection: ConnectError"
        assert outside.receiver.requests == []


async def test_a_test_is_told_once_and_at_once(outside: Outside) -> None:
    """Without the loop; a failed one is not tried again."""
    endpoint_id = await outside.add()
    assert (await outside.hooks.test(endpoint_id)).status == 200
    outside.receiver.behaviours["/in"] = answering("500 Oh")
    assert (await outside.hooks.test(endpoint_id)).error == "answered 500"
    assert outside.states() == [("sent", ""), ("failed", "answered 500")]


async def test_the_database_may_be_away(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop goes on, and tells what it could not claim."""
    claim, faults = webhooks.claim, iter([StorageDown("away")])

    def failing(session: Session, *args: object) -> object:
        for fault in faults:
            raise fault
        return claim(session, *args)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(webhooks, "claim", failing)
    await outside.add()
    escalated(outside.database)
    async with outside.running():
        await until(lambda: outside.states() == [("sent", "")])


async def test_no_secret_is_logged(outside: Outside) -> None:
    """Nor an address, which may hold one."""
    endpoint, told = await outside.hooks.add(f"https://{HOST}:{outside.receiver.port}/token-7", [], "Root")
    outside.receiver.behaviours["/token-7"] = answering("500 Oh", body=b"hush")
    escalated(outside.database)
    with capture_logs() as logs:
        async with outside.running():
            await until(lambda: outside.states()[0][1])
            await until(lambda: [line for line in logs if line["event"] == "webhook_again"])
    for hidden in (told, endpoint.salt, "token-7", "hush"):
        assert hidden not in str(logs)


def test_it_is_tried_for_about_a_day() -> None:
    """With pauses that grow; then it is given up."""
    assert list(PAUSES) == sorted(PAUSES)
    assert 22 * 3600 < sum(PAUSES) < 26 * 3600
    assert again_at(1, NOW) is not None
    assert again_at(len(PAUSES) + 1, NOW) is None


async def test_the_last_try_ends_it(outside: Outside) -> None:
    """Failed, and to be seen so."""
    await outside.add()
    outside.receiver.behaviours["/in"] = answering("500 Oh")
    escalated(outside.database)
    last = update(WebhookDelivery).where(col(WebhookDelivery.id) == 1).values(attempts=len(PAUSES))
    outside.database.transact(lambda session: session.execute(last))
    async with outside.running():
        await until(lambda: outside.states() == [("failed", "answered 500")])


def test_a_secret_is_of_its_endpoint_and_of_this_frontdesk() -> None:
    """Another salt or another key makes another secret; it has the form that libraries want."""
    found = {secret(key, salt) for key in (KEY, b"o" * 32) for salt in ("00", "11")}
    assert len(found) == 4
    assert all(one.startswith("whsec_") for one in found)


async def test_admins_do_it_over_http(outside: Outside, content: Content, sqlite: Database) -> None:
    """All of it; an agent who is none may nothing."""
    app = FastAPI()
    api.install(app, Tickets(sqlite, content.answers, 5), sqlite, Files(Path("nowhere")))
    webhooks_api.install(app, outside.hooks)
    root = Agent(name="Root", email="root@example.org", role=Role.ADMIN, created_at=NOW)
    sqlite.transact(lambda session: session.add(root))
    url = f"https://{HOST}:{outside.receiver.port}/in"
    async with _client(app, sqlite, "Root") as admin:
        made = await admin.post("/api/webhooks", json={"url": url, "kinds": ["ticket.opened"]})
        assert (made.status_code, made.json()["secret"][:6]) == (201, "whsec_")
        assert (await admin.post("/api/webhooks/1/test")).json() == {"error": "", "status": 200, "answer": "fine"}
        (told,) = (await admin.get("/api/webhooks/1/deliveries")).json()
        assert (await admin.post(f"/api/webhooks/deliveries/{told['key']}/replay")).json()["key"] == told["key"]
        (listed,) = (await admin.get("/api/webhooks")).json()
        assert (listed["queued"], listed["url"], "secret" in listed) == (1, url, False)
        assert (await admin.patch("/api/webhooks/1", json={"enabled": False})).status_code == 204
        assert (await admin.delete("/api/webhooks/1")).status_code == 204
        assert (await admin.get("/api/webhooks/1/deliveries")).status_code == 404
        for wrong in ({"url": "http://x.example/"}, {"url": url, "kinds": ["everything"]}):
            assert (await admin.post("/api/webhooks", json=wrong)).status_code == 409
    async with _client(app, sqlite, "Anna") as anna:
        assert (await anna.get("/api/webhooks")).status_code == 403
        assert (await anna.post("/api/webhooks", json={"url": url})).status_code == 403


def _client(app: FastAPI, database: Database, agent: str) -> httpx.AsyncClient:
    token = database.transact(tokens.create, agent, NOW)
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk", headers=headers)
