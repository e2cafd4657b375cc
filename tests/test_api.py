"""Tickets over HTTP: for agents with a token, in the words of the command line, every refusal with its status."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

import bot.store.database
from bot import ticket_routes
from bot.api import install
from bot.attachments import Attachments
from bot.bound import LONGEST_BODY
from bot.choices import Choices
from bot.conversation import Content
from bot.files import Files
from bot.store import outbox, tokens
from bot.store.database import Database
from bot.store.inbox import KeptFile
from bot.tickets import LONGEST_TEXT, Tickets
from channels.memory import Memory
from channels.words import Attachment, Limits, Place
from tests.samples import NOW, arrive, escalated, inbound, states, timeline

BOB = Place(account="bot-1", handle="bob")

#: Every route, with a body that it takes.
ROUTES: dict[tuple[str, str], Any] = {
    ("GET", "/api/tickets"): None,
    ("GET", "/api/mentions"): None,
    ("GET", "/api/tickets/{number}"): None,
    ("PATCH", "/api/tickets/{number}"): {"priority": "high"},
    ("GET", "/api/tickets/{number}/files/{file_id}"): None,
    ("GET", "/api/tickets/{number}/messages/{message_id}/original"): None,
    ("POST", "/api/tickets/{number}/messages/{message_id}/undo"): None,
    ("POST", "/api/tickets/{number}/messages/{message_id}/retry"): {},
    ("PUT", "/api/tickets/{number}/messages/{message_id}/intent"): {"intent": "trading_fees"},
    ("POST", "/api/tickets/{number}/take"): None,
    ("POST", "/api/tickets/{number}/uploads"): None,
    ("POST", "/api/tickets/{number}/reply"): {"text": "Hello"},
    ("POST", "/api/tickets/{number}/note"): {"text": "Hello"},
    ("POST", "/api/tickets/{number}/solve"): None,
    ("POST", "/api/tickets/{number}/release"): None,
    ("POST", "/api/tickets/{number}/assign"): {"to": None},
    ("POST", "/api/tickets/{number}/hold"): None,
    ("POST", "/api/tickets/{number}/pend"): None,
    ("POST", "/api/tickets/{number}/reopen"): None,
    ("POST", "/api/tickets/{number}/merge"): {"into": "FD-1001"},
    ("POST", "/api/tickets/{number}/split"): {"title": "x", "message": 1},
    ("POST", "/api/tickets/{number}/undo"): None,
    ("POST", "/api/tickets/{number}/links"): {"other": "FD-1001", "kind": "related"},
    ("DELETE", "/api/tickets/{number}/links/{kind}/{other}"): None,
    ("POST", "/api/tickets/{number}/seen"): None,
}

#: What the channel of these tickets carries.
LIMITS = Limits(files=True, file_bytes=100, most_files=2)


def named(route: str, number: str) -> str:
    """The route to one ticket."""
    named = route.format(number=number, file_id=1, message_id=1, kind="related", other="FD-1001")
    return f"{named}?name=a.txt" if route.endswith("/uploads") else named


def app_of(database: Database, content: Content, patience: float = 5, folder: Path = Path("nowhere")) -> FastAPI:
    """The API alone; files are in `folder`."""
    app = FastAPI()
    tickets = Tickets(database, content.answers, patience, Choices(("general", "fees"), ("trading_fees",)))
    files = Files(folder)
    install(app, tickets, database, files)
    channels = {"memory": Memory("memory", limits=LIMITS)}
    ticket_routes.install(app, tickets, Attachments(database, files, channels))
    return app


def client_of(app: FastAPI, token: str | None) -> httpx.AsyncClient:
    """Somebody who calls it."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk", headers=headers)


@pytest.fixture
async def anna(database: Database, content: Content) -> AsyncIterator[httpx.AsyncClient]:
    """An agent with a token."""
    async with client_of(app_of(database, content), database.transact(tokens.create, "Anna", NOW)) as client:
        yield client


async def ok(response: httpx.Response) -> Any:
    """What was answered with 200."""
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(("method", "route"), ROUTES)
async def test_every_route_needs_a_token(sqlite: Database, content: Content, method: str, route: str) -> None:
    """Without a token, with a wrong one and with a revoked one every route is closed, and nothing happens."""
    number = escalated(sqlite).number
    revoked = sqlite.transact(tokens.create, "Anna", NOW)
    sqlite.transact(tokens.revoke, 1, NOW)
    before = states(sqlite), timeline(sqlite)
    app = app_of(sqlite, content)
    for token in (None, "fd_wrong", revoked, "ÿ"):
        async with client_of(app, None) as client:
            headers = {b"Authorization": f"Bearer {token}".encode("latin-1")} if token else {}
            response = await client.request(method, named(route, number), headers=headers, json=ROUTES[method, route])
        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert (states(sqlite), timeline(sqlite)) == before


async def test_other_schemes_are_refused(sqlite: Database, content: Content) -> None:
    """A good token under another scheme opens nothing."""
    token = sqlite.transact(tokens.create, "Anna", NOW)
    async with client_of(app_of(sqlite, content), None) as client:
        response = await client.get("/api/tickets", headers={"Authorization": f"Basic {token}"})
    assert response.status_code == 401


async def test_openapi_lists_every_route(anna: httpx.AsyncClient) -> None:
    """The page of the API has each route, that it needs a token, and what it says of itself."""
    schema = await ok(await anna.get("/openapi.json"))
    found = {(method.upper(), path) for path, methods in schema["paths"].items() for method in methods}
    assert found == set(ROUTES)
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            assert operation["security"] == [{"HTTPBearer": []}], path
            assert operation["description"]


async def test_list_has_what_lists_need(anna: httpx.AsyncClient, database: Database) -> None:
    """Open tickets come most urgent first with their promise; others where their state is named; limits hold."""
    place = type(inbound().place)(account="bot-1", handle="bob")
    escalated(database, priority="low")
    escalated(database, inbound("human", "e2", place), priority="urgent")
    found = await ok(await anna.get("/api/tickets"))
    assert [(ticket["number"], ticket["priority"]) for ticket in found] == [("FD-1002", "urgent"), ("FD-1001", "low")]
    assert found[0]["promised_at"] == "2026-03-02T13:00:00Z"
    assert len(await ok(await anna.get("/api/tickets", params={"limit": 1}))) == 1
    await ok(await anna.post("/api/tickets/FD-1001/solve"))
    solved = await ok(await anna.get("/api/tickets", params={"state": ["solved", "closed"]}))
    assert [ticket["number"] for ticket in solved] == ["FD-1001"]


async def test_life_of_a_ticket(anna: httpx.AsyncClient, database: Database) -> None:
    """Each thing an agent may do does what it says, as the agent of the token, and answers with the whole ticket."""
    number = escalated(database, inbound("a human!", name="Ann")).number
    path = f"/api/tickets/{number}"
    shown = await ok(await anna.get(path))
    assert (shown["state"], shown["owner"], shown["contact"]["name"]) == ("new", "queue", "Ann")
    assert shown["addresses"] == [{"channel": "memory", "handle": "ann", "name": "Ann", "verified_by": ""}]
    assert [message["text"] for message in shown["messages"]] == ["a human!", "Your ticket is FD-1001"]
    taken = await ok(await anna.post(f"{path}/take"))
    assert (taken["assignee"], taken["owner"], taken["state"]) == ("Anna", "agent", "open")
    replied = await ok(await anna.post(f"{path}/reply", json={"text": "Which **coin**?"}))
    said = replied["messages"][-1]
    assert (said["author"], said["author_name"], said["text"], said["state"]) == (
        "agent",
        "Anna",
        "Which **coin**?",
        "queued",
    )
    assert replied["first_response_at"]
    noted = await ok(await anna.post(f"{path}/note", json={"text": "VIP"}))
    assert noted["timeline"][-1]["detail"] == {"text": "VIP"}
    released = await ok(await anna.post(f"{path}/release"))
    assert (released["owner"], released["assignee"], released["state"]) == ("bot", None, "pending")
    solved = await ok(await anna.post(f"{path}/solve"))
    assert (solved["state"], solved["solved_at"] is not None) == ("solved", True)
    assert [event["kind"] for event in solved["timeline"]] == [
        "opened",
        "taken",
        "replied",
        "note",
        "released",
        "solved",
    ]


async def test_withheld_reply_is_a_suggestion(anna: httpx.AsyncClient, database: Database) -> None:
    """What the bot would have said stands in the ticket as withheld, for the agent to use or not."""
    number = escalated(database).number
    await ok(await anna.post(f"/api/tickets/{number}/take"))
    database.transact(outbox.claim, ["memory"], NOW, 10)
    shown = await ok(await anna.get(f"/api/tickets/{number}"))
    assert [message["state"] for message in shown["messages"]] == ["handled", "withheld", "queued"]


@pytest.mark.parametrize("number", ["FD-9", "x", "%00", "FD-1001%00", "%F0%9F%98%80", "FD-1001%27--"])
async def test_unknown_ticket_is_404(anna: httpx.AsyncClient, database: Database, number: str) -> None:
    """A number nobody has is 404 on every route, whatever characters it has."""
    escalated(database)
    for (method, route), body in ROUTES.items():
        if "{number}" not in route:
            continue
        response = await anna.request(method, named(route, number), json=body)
        assert response.status_code == 404, response.text


async def test_collision_is_409(anna: httpx.AsyncClient, database: Database, content: Content) -> None:
    """What makes no sense now is 409 and says why: another agent's ticket, a solved one, a text of blanks."""
    number = escalated(database).number
    await ok(await anna.post(f"/api/tickets/{number}/take"))
    async with client_of(app_of(database, content), database.transact(tokens.create, "Ben", NOW)) as ben:
        response = await ben.post(f"/api/tickets/{number}/take")
        assert (response.status_code, response.json()) == (409, {"detail": f"{number} is with Anna"})
        assert (await ben.post(f"/api/tickets/{number}/reply", json={"text": "Hi"})).status_code == 409
    blank = await anna.post(f"/api/tickets/{number}/reply", json={"text": " \x00 "})
    assert (blank.status_code, blank.json()) == (409, {"detail": "the text is empty"})
    await ok(await anna.post(f"/api/tickets/{number}/solve"))
    assert (await anna.post(f"/api/tickets/{number}/take")).status_code == 409


async def test_hanging_message_is_409(database: Database, content: Content) -> None:
    """Where the bot's message cannot be waited for, the agent is told that the ticket is theirs and silence is not."""
    number = escalated(database).number
    database.transact(outbox.claim, ["memory"], NOW, 10)
    token = database.transact(tokens.create, "Anna", NOW)
    async with client_of(app_of(database, content, patience=0.05), token) as client:
        response = await client.post(f"/api/tickets/{number}/take")
    assert response.status_code == 409
    assert "still being sent" in response.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"text": ""}', b'{"text": 7}', b'{"text": "\\ud800"}', b'{"text": "' + b"x" * 20_001 + b'"}'],
    ids=["none", "cut", "list", "empty", "number", "surrogate", "long"],
)
async def test_malformed_body_is_422(anna: httpx.AsyncClient, database: Database, body: bytes) -> None:
    """A body that is no text of a possible length is 422 on reply and note, and nothing happens."""
    number = escalated(database).number
    before = states(database), timeline(database)
    for verb in ("reply", "note"):
        response = await anna.post(
            f"/api/tickets/{number}/{verb}", content=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 422, response.text
    assert (states(database), timeline(database)) == before


@pytest.mark.parametrize("query", ["state=lost", "limit=0", "limit=1001", "limit=many"])
async def test_malformed_query_is_422(anna: httpx.AsyncClient, query: str) -> None:
    """A state that is none and a limit out of bounds are refused."""
    assert (await anna.get(f"/api/tickets?{query}")).status_code == 422


async def endless() -> AsyncIterator[bytes]:
    """A body of 10 MB whose length nobody announced."""
    for _ in range(1000):
        yield b" " * 10_000


@pytest.mark.parametrize("token", [True, False], ids=["agent", "stranger"])
async def test_body_is_bounded(sqlite: Database, content: Content, *, token: bool) -> None:
    """What announces too many bytes, or sends them, is 413 before it is read to its end, whoever sends it."""
    path = f"/api/tickets/{escalated(sqlite).number}/note"
    headers = {"Content-Type": "application/json"}
    before = timeline(sqlite)
    async with client_of(
        app_of(sqlite, content), sqlite.transact(tokens.create, "Anna", NOW) if token else None
    ) as client:
        announced = await client.post(path, content=b" " * (LONGEST_BODY + 1), headers=headers)
        streamed = await client.post(path, content=endless(), headers=headers)
    assert (announced.status_code, streamed.status_code) == (413, 413)
    assert timeline(sqlite) == before


async def test_longest_text_fits(anna: httpx.AsyncClient, database: Database) -> None:
    """The bound lets through what an agent may write, however JSON writes it."""
    number = escalated(database).number
    body = '{"text": "' + "\\ud83d\\ude00" * LONGEST_TEXT + '"}'
    response = await anna.post(
        f"/api/tickets/{number}/note", content=body, headers={"Content-Type": "application/json"}
    )
    noted = await ok(response)
    assert noted["timeline"][-1]["detail"] == {"text": "😀" * LONGEST_TEXT}


async def test_agent_opens_a_file(database: Database, content: Content, tmp_path: Path) -> None:
    """A file of the ticket is saved under its own name, and runs nothing whatever it is."""
    files = Files(tmp_path)
    page = b"<script>alert(1)</script>"
    kept = await files.keep([Attachment(name='in"voice.html', media_type="text/html", data=page)])
    arrive(database, inbound("here"), files=kept)
    number = escalated(database, inbound("a human!", "e2")).number
    token = database.transact(tokens.create, "Anna", NOW)
    async with client_of(app_of(database, content, folder=tmp_path), token) as client:
        shown = await ok(await client.get(f"/api/tickets/{number}"))
        (file,) = shown["messages"][0]["files"]
        response = await client.get(f"/api/tickets/{number}/files/{file['id']}")
    assert (response.status_code, response.content) == (200, page)
    assert response.headers["content-disposition"] == "attachment; filename*=utf-8''in%22voice.html"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in response.headers["content-security-policy"]


@pytest.mark.parametrize("file_id", ["1", "2", "0", "-1", "99999999999999999999"])
async def test_no_other_file_is_opened(database: Database, content: Content, tmp_path: Path, file_id: str) -> None:
    """Neither one of somebody else's conversation, nor one that is gone from the disk, nor one that never was."""
    kept = await Files(tmp_path).keep([Attachment(name="a.txt", media_type="text/plain", data=b"Bob's")])
    arrive(database, inbound("mine", "e1", BOB), files=kept)
    lost = KeptFile("lost.txt", "text/plain", 4, "ab" * 32)
    arrive(database, inbound("here", "e2"), files=[lost])
    number = escalated(database, inbound("a human!", "e3")).number
    token = database.transact(tokens.create, "Anna", NOW)
    async with client_of(app_of(database, content, folder=tmp_path), token) as client:
        response = await client.get(f"/api/tickets/{number}/files/{file_id}")
    assert response.status_code == 404


async def test_original_of_a_message(anna: httpx.AsyncClient, database: Database) -> None:
    """A message says how it came and that something was left out of it; the whole of it is read on its own."""
    whole, beside = "a human!\n> quoted", {"authentication": "dmarc=pass"}
    number = escalated(database, inbound("a human!", whole=whole, beside=beside, raw={"headers": ["From: Ann"]})).number
    arrive(database, inbound("thanks", "e2", raw={"n": 1}))
    arrive(database, inbound("Bob's", "e3", BOB))
    first, _, second = (await ok(await anna.get(f"/api/tickets/{number}")))["messages"]
    assert (first["text"], first["shortened"], first["beside"]) == ("a human!", True, beside)
    assert (second["text"], second["shortened"], second["beside"]) == ("thanks", False, {})
    original = await ok(await anna.get(f"/api/tickets/{number}/messages/{first['id']}/original"))
    assert original == {"text": whole, "raw": {"headers": ["From: Ann"]}}
    original = await ok(await anna.get(f"/api/tickets/{number}/messages/{second['id']}/original"))
    assert original == {"text": "thanks", "raw": {"n": 1}}
    for other in (second["id"] + 1, 0, -1, 10**20):
        assert (await anna.get(f"/api/tickets/{number}/messages/{other}/original")).status_code == 404


async def test_locked_database_is_503(
    sqlite: Database, content: Content, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A database out of reach is 503, and what it said stays inside; once it is back the same request is answered."""
    monkeypatch.setattr(bot.store.database, "LOCK_PATIENCE", 0.05)
    token = sqlite.transact(tokens.create, "Anna", NOW)
    database = Database(sqlite.url)
    other = sqlite3.connect(tmp_path / "frontdesk.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with client_of(app_of(database, content), token) as client:
        response = await client.get("/api/tickets")
        assert response.status_code == 503
        assert response.json() == {"detail": "the database is unreachable; try again"}
        other.execute("ROLLBACK")
        assert (await client.get("/api/tickets")).status_code == 200
    other.close()
    database.close()
