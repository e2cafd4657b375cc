"""What the company's systems send, and calls over REST and on the desk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from bot.__main__ import app as command_line
from bot.api import install
from bot.callbacks.api import calls_router
from bot.callbacks.calls import Calls
from bot.contacts import TierWatch, contacts_router
from bot.desk import calls as calls_page
from bot.desk import house
from bot.files import Files
from bot.store import tokens
from bot.store.call_tables import CallBack, CallState
from bot.store.tables import Contact, TicketEvent
from bot.tickets import Tickets
from bot.tiers import Tiers
from tests.desk.house import app_of as desk_of
from tests.desk.house import browser_of, csrf, hire, log_in, parts_of
from tests.samples import NOW, rows
from tests.vip.talk import Talk

ADDRESS = "/api/contacts/memory/ann"


@pytest.fixture
def site(talk: Talk, calls: Calls) -> FastAPI:
    """The API."""
    app = FastAPI()
    install(app, Tickets(talk.database, talk.content.answers, 5), talk.database, Files(Path("nowhere")))
    app.include_router(contacts_router(talk.database, Tiers(talk.settings.tiers), ["memory"]))
    app.include_router(calls_router(calls))
    return app


def client_of(site: FastAPI, token: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://desk", headers=headers)


@pytest.fixture
async def crm(talk: Talk, site: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with a token."""
    async with client_of(site, talk.database.transact(tokens.create, "Crm", NOW)) as client:
        yield client


async def test_the_company_describes_a_person(talk: Talk, crm: httpx.AsyncClient) -> None:
    """Before they write and after; what is not named stays, and the tier is told at once."""
    talk.volume = None
    said = await crm.put(ADDRESS, json={"attributes": {"volume": 1500, "level": "A"}, "at": "2026-01-01T00:00:00Z"})
    assert said.json() == {"attributes": {"volume": 1500, "level": "A"}, "tier": "", "known": False}
    await talk.say("hi")
    assert (await crm.get(ADDRESS)).json()["tier"] == "gold"
    said = await crm.put(ADDRESS, json={"attributes": {"volume": None}})
    assert said.json() == {"attributes": {"level": "A"}, "tier": "", "known": True}
    old = await crm.put(ADDRESS, json={"attributes": {"volume": 9999}, "at": "2026-01-01T00:00:00Z"})
    assert old.json()["tier"] == ""


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"attributes": {"Volume": 1}}, 422),
        ({"attributes": {"volume": {"a": 1}}}, 422),
        ({"attributes": {"volume": "x" * 201}}, 422),
        ({"attributes": {"volume": 1e300}}, 422),
        ({"attributes": {f"a{number}": 1 for number in range(51)}}, 422),
        ({"attributes": {"volume": 1}, "at": "2026-01-01T00:00:00"}, 422),
        ({"attributes": {"volume": 1}, "tier": "gold"}, 422),
        ({"attributes": [1]}, 422),
        ({}, 422),
    ],
)
async def test_what_is_no_attribute_is_refused(crm: httpx.AsyncClient, body: dict[str, Any], status: int) -> None:
    """Whole, and nothing of it is kept."""
    assert (await crm.put(ADDRESS, json=body)).status_code == status
    assert (await crm.get(ADDRESS)).json()["attributes"] == {}


async def test_a_word_from_the_future_is_refused(crm: httpx.AsyncClient) -> None:
    """It would hold against all that is said until then."""
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert (await crm.put(ADDRESS, json={"attributes": {"volume": 1}, "at": ahead})).status_code == 422


async def test_addresses_that_are_none_are_refused(crm: httpx.AsyncClient) -> None:
    """Of channels that are not there, too long, or unprintable; one with a slash is one."""
    for path in ("fax/1", f"memory/{'x' * 321}", "memory/a%00b"):
        assert (await crm.put(f"/api/contacts/{path}", json={"attributes": {"volume": 1}})).status_code == 404
    assert (await crm.put("/api/contacts/memory/a/b", json={"attributes": {"volume": 1}})).status_code == 200


@pytest.mark.parametrize("scopes", [["tickets:read"], ["tickets:write"]])
async def test_only_who_may_describes_and_calls(talk: Talk, site: FastAPI, scopes: list[str]) -> None:
    """By the token's scopes; nobody without a token."""
    token = talk.database.transact(tokens.create, "Anna", NOW, scopes)
    async with client_of(site, token) as anna, client_of(site, "") as stranger:
        assert (await anna.put(ADDRESS, json={"attributes": {"volume": 1}})).status_code == 403
        assert (await anna.get("/api/calls")).status_code == (200 if scopes == ["tickets:read"] else 403)
        assert (await anna.post("/api/calls/1/start")).status_code == (403 if scopes == ["tickets:read"] else 404)
        for method, path in (("PUT", ADDRESS), ("GET", ADDRESS), ("GET", "/api/calls"), ("POST", "/api/calls/1/start")):
            assert (await stranger.request(method, path, json={})).status_code == 401
    assert rows(talk.database, Contact) == []


async def test_a_start_with_other_tiers_judges_everybody(talk: Talk) -> None:
    """Those who are there already, once."""
    await talk.say("hi")
    await TierWatch(talk.database, Tiers({})).judge_all(NOW)
    assert rows(talk.database, Contact)[0].tier == ""


async def test_a_call_is_made_over_rest(talk: Talk, crm: httpx.AsyncClient) -> None:
    """Listed, begun, ended; each in its ticket's timeline, and what cannot be is refused."""
    _, slots = await talk.collected()
    await talk.press(slots)
    [call] = (await crm.get("/api/calls", params={"which": "due"})).json()
    assert (call["number"], call["account"], call["ticket"], call["tier"]) == (
        "+49 30 901820",
        "4711",
        "FD-1001",
        "gold",
    )
    assert (await crm.post("/api/calls/1/outcome", json={"outcome": "reached"})).status_code == 409
    assert (await crm.post("/api/calls/1/start")).json()["state"] == "calling"
    assert [each["id"] for each in (await crm.get("/api/calls", params={"which": "mine"})).json()] == [1]
    ended = await crm.post("/api/calls/1/outcome", json={"outcome": "reached", "note": "all clear"})
    assert (ended.json()["state"], ended.json()["note"]) == ("done", "all clear")
    assert (await crm.post("/api/calls/1/outcome", json={"outcome": "eaten"})).status_code == 422
    assert (await crm.get("/api/calls/2")).status_code == 404
    assert (await crm.get("/api/calls")).json() == []
    assert rows(talk.database, TicketEvent)[-1].kind == "call_done"


async def test_calls_on_the_desk(talk: Talk) -> None:
    """What stands there is text, whatever was told; begun and ended with a button."""
    await talk.say("call me")
    await talk.say("+49 30 901820")
    await talk.say("my uid is <b>1")
    _, slots = await talk.say("<script>alert(1)</script>")
    await talk.press(slots)
    app = desk_of(talk.database, talk.content, talk.settings)
    parts = parts_of(talk.database, talk.content, talk.settings)
    house.install(app, talk.database, talk.settings, calls_page.routes(parts))
    hire(talk.database)
    async with browser_of(app) as anna:
        assert (await anna.get("/desk/calls")).status_code == 303
        await log_in(anna)
        page = (await anna.get("/desk/calls")).text
        assert "+49 30 901820" in page
        assert "<script>alert" not in page
        assert "&lt;b&gt;1" in page
        key = await csrf(anna, "/desk/calls")
        assert (await anna.post("/desk/calls/1/start")).status_code == 403
        assert (await anna.post("/desk/calls/1/start", data={"csrf": key})).status_code == 303
        ended = await anna.post("/desk/calls/1/outcome", data={"csrf": key, "outcome": "missed", "note": "rang"})
        assert ended.status_code == 303
        again = await anna.post("/desk/calls/1/outcome", data={"csrf": key, "outcome": "reached"})
        assert (again.status_code, "start it first" in again.text) == (409, True)
    [call] = rows(talk.database, CallBack)
    assert (call.state, call.attempts, call.note) == (CallState.SCHEDULED, 1, "rang")


async def test_calls_at_a_terminal(talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the number and the ticket."""
    _, slots = await talk.collected()
    await talk.press(slots)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(f"database: {{url: '{talk.database.url}'}}\n", encoding="utf-8")
    shown = await asyncio.to_thread(CliRunner().invoke, command_line, ["calls"])
    assert "901820" in shown.output
    assert "FD-1001" in shown.output
    none = await asyncio.to_thread(CliRunner().invoke, command_line, ["calls", "--state", "done"])
    assert "No calls." in none.output
