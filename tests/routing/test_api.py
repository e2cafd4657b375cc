"""The queue and presence over HTTP and at a terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from bot.__main__ import app as command
from bot.api import install
from bot.conversation import Content, now
from bot.files import Files
from bot.routing.api import routes
from bot.routing.places import Places
from bot.routing.router import Router
from bot.routing.settings import Routing
from bot.store import presence, routing, tokens
from bot.store.agent_tables import Presence
from bot.store.database import Database
from bot.store.tables import Ticket
from bot.tickets import Tickets
from tests.routing.people import hire, presence_of, wait_for_human
from tests.samples import NOW, notice, rows


def client_of(database: Database, content: Content, name: str | None) -> httpx.AsyncClient:
    """Somebody with a token of that name, or without any."""
    app = FastAPI()
    install(app, Tickets(database, content.answers, 5), database, Files(Path("nowhere")))
    app.include_router(routes(Router(database, content.answers, Routing()), Places(database, Routing())))
    headers = {"Authorization": f"Bearer {database.transact(tokens.create, name, NOW)}"} if name else {}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk", headers=headers)


@pytest.fixture
async def anna(database: Database, content: Content) -> AsyncIterator[httpx.AsyncClient]:
    """An agent of the desk."""
    hire(database, "Anna")
    async with client_of(database, content, "Anna") as client:
        yield client


async def test_queue_is_shown(database: Database, anna: httpx.AsyncClient) -> None:
    """Who waits with their place, and who is there with what they have."""
    taken, number = wait_for_human(database, "bob"), wait_for_human(database)
    database.transact(routing.assign, taken, "Anna", notice, NOW)
    found = (await anna.get("/api/queue")).json()
    assert [(line["number"], line["position"], line["wait"]) for line in found["tickets"]] == [(number, 1, None)]
    assert [(one["name"], one["presence"], one["load"]) for one in found["agents"]] == [("Anna", "online", 1)]


async def test_presence_is_ones_own(database: Database, anna: httpx.AsyncClient) -> None:
    """A token sets the presence of its agent, and who leaves gives back what they had."""
    number = wait_for_human(database)
    database.transact(routing.assign, number, "Anna", notice, NOW)
    answer = await anna.post("/api/presence", json={"presence": "offline"})
    assert (answer.status_code, answer.json()["presence"], answer.json()["load"]) == (200, "offline", 0)
    assert presence_of(database, "Anna") is Presence.OFFLINE
    assert [found.assignee for found in rows(database, Ticket)] == [None]


async def test_bad_requests_are_refused(sqlite: Database, content: Content) -> None:
    """Without a token, with a word that is none, and for a name that is no agent of the desk."""
    async with client_of(sqlite, content, None) as nobody:
        assert (await nobody.get("/api/queue")).status_code == 401
        assert (await nobody.post("/api/presence", json={"presence": "online"})).status_code == 401
    async with client_of(sqlite, content, "Only a name") as name:
        assert (await name.post("/api/presence", json={"presence": "asleep"})).status_code == 422
        assert (await name.post("/api/presence", json={"presence": "online"})).status_code == 404


def test_queue_at_a_terminal(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands say who waits and who is there, and an agent that there is none of is an error."""
    monkeypatch.setenv("COLUMNS", "200")
    run = CliRunner().invoke
    assert "Nobody waits." in run(command, ["queue"]).output
    database = Database(f"sqlite:///{desk}/var/frontdesk.db")
    hire(database, "Anna", teams=["payments"])
    database.transact(presence.set_presence, "Anna", Presence.ONLINE, now())
    number = wait_for_human(database)
    shown = run(command, ["queue"]).output
    assert number in shown
    assert "Anna" in shown
    assert run(command, ["agents", "presence", "Anna", "away"]).exit_code == 0
    assert presence_of(database, "Anna") is Presence.AWAY
    assert run(command, ["agents", "presence", "Nobody", "away"]).exit_code == 1
    database.close()
