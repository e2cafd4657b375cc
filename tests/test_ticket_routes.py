"""What agents do with tickets over HTTP besides taking and solving them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.conversation import Content
from bot.store import outbox, tokens
from bot.store.agent_tables import Agent
from bot.store.database import Database, Session
from bot.store.tables import File, Message, MessageState
from channels.words import Place
from tests.samples import NOW, escalated, inbound, rows, timeline
from tests.test_api import LIMITS, app_of, client_of, ok

BOB = Place(account="bot-1", handle="bob")


@pytest.fixture
async def anna(sqlite: Database, content: Content, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """An agent with a token; two tickets wait, FD-1001 and FD-1002."""
    escalated(sqlite)
    escalated(sqlite, inbound("me too", "e2", BOB))
    token = sqlite.transact(tokens.create, "Anna", NOW)
    async with client_of(app_of(sqlite, content, folder=tmp_path / "files"), token) as client:
        yield client


async def test_changed_held_and_reopened(anna: httpx.AsyncClient) -> None:
    """Each answers with the ticket as it is then."""
    path = "/api/tickets/FD-1001"
    changed = await ok(await anna.patch(path, json={"priority": "urgent", "category": "fees", "tags": ["B", "a b"]}))
    assert (changed["priority"], changed["category"], changed["tags"]) == ("urgent", "fees", ["a-b", "b"])
    mine = await ok(await anna.post(f"{path}/assign", json={"to": "Anna"}))
    assert (mine["assignee"], mine["owner"]) == ("Anna", "agent")
    assert (await ok(await anna.post(f"{path}/hold")))["state"] == "on_hold"
    pending = await ok(await anna.post(f"{path}/pend"))
    assert (pending["state"], pending["waiting_since"]) == ("pending", None)
    await ok(await anna.post(f"{path}/solve"))
    reopened = await ok(await anna.post(f"{path}/reopen"))
    assert (reopened["state"], reopened["owner"], reopened["assignee"]) == ("new", "queue", None)
    assert reopened["messages"][-1]["text"] == "Ticket **FD-1001** is open again. A colleague will answer you here."


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"category": "lost"}, "there is no category 'lost'; one of general, fees"),
        ({"priority": "asap"}, "there is no priority 'asap'; one of low, normal, high, urgent"),
        ({"title": " \n "}, "a title has 1 to 200 characters, this one 0"),
        ({"tags": ["x" * 41]}, "a tag has at most 40 characters"),
        ({"team": "x" * 61}, "a team's name has at most 60 characters"),
    ],
)
async def test_what_there_is_not_is_refused(
    anna: httpx.AsyncClient, sqlite: Database, body: dict[str, Any], why: str
) -> None:
    """With what there is to choose from, and nothing is changed."""
    before = timeline(sqlite)
    response = await anna.patch("/api/tickets/FD-1001", json=body)
    assert response.status_code == 409
    assert response.json()["detail"].startswith(why)
    assert timeline(sqlite) == before


async def test_merged_linked_split_and_undone(anna: httpx.AsyncClient) -> None:
    """A merge answers with the ticket that goes on, a split with the new one; each can be undone."""
    merged = await ok(await anna.post("/api/tickets/FD-1001/merge", json={"into": "fd-1002"}))
    assert (merged["number"], len(merged["addresses"])) == ("FD-1002", 2)
    assert (await ok(await anna.get("/api/tickets/FD-1001")))["merged_into"] == "FD-1002"
    assert (await ok(await anna.post("/api/tickets/FD-1001/undo")))["merged_into"] is None
    split = await ok(await anna.post("/api/tickets/FD-1001/split", json={"title": "Fees", "message": 1}))
    assert (split["number"], split["title"]) == ("FD-1003", "Fees")
    linked = await ok(await anna.post("/api/tickets/FD-1003/links", json={"other": "FD-1002", "kind": "causes"}))
    assert [(link["kind"], link["number"]) for link in linked["links"]] == [("causes", "FD-1002")]
    assert (await ok(await anna.delete("/api/tickets/FD-1003/links/causes/FD-1002")))["links"] == []
    assert (await ok(await anna.post("/api/tickets/FD-1003/undo")))["merged_into"] == "FD-1001"


async def test_files_go_with_an_answer(anna: httpx.AsyncClient, sqlite: Database) -> None:
    """Put up first, sent once with the answer that names them, under plain names."""
    found = await ok(await anna.post("/api/tickets/FD-1001/uploads?name=..\\..\\x.exe", content=b"MZ"))
    body = {"text": "", "files": [found["id"]]}
    replied = await ok(await anna.post("/api/tickets/FD-1001/reply", json=body))
    assert [file["name"] for file in replied["messages"][-1]["files"]] == ["x.exe"]
    again = await anna.post("/api/tickets/FD-1001/reply", json=body)
    assert (again.status_code, len(rows(sqlite, File))) == (404, 1)


async def test_files_of_others_cannot_be_sent(anna: httpx.AsyncClient, sqlite: Database, content: Content) -> None:
    """Neither another agent's, nor for another ticket; nothing is sent then."""
    found = await ok(await anna.post("/api/tickets/FD-1001/uploads?name=a.txt", content=b"x"))
    before = len(rows(sqlite, Message))
    elsewhere = await anna.post("/api/tickets/FD-1002/reply", json={"text": "x", "files": [found["id"]]})
    async with client_of(app_of(sqlite, content), sqlite.transact(tokens.create, "Ben", NOW)) as ben:
        theirs = await ben.post("/api/tickets/FD-1001/reply", json={"text": "x", "files": [found["id"]]})
    assert (elsewhere.status_code, theirs.status_code, len(rows(sqlite, Message))) == (404, 404, before)


async def test_files_are_bounded(anna: httpx.AsyncClient, sqlite: Database, content: Content) -> None:
    """By what the channel carries, while they are read; a stranger's is not read at all."""
    path = "/api/tickets/FD-1001/uploads?name=a.txt"
    ids = [(await ok(await anna.post(path, content=bytes([n]))))["id"] for n in range(3)]
    many = await anna.post("/api/tickets/FD-1001/reply", json={"text": "x", "files": ids})
    assert (many.status_code, many.json()["detail"]) == (409, "these are 3 files; 2 is the limit there")
    assert (await anna.post(path, content=b"x" * (LIMITS.file_bytes + 1))).status_code == 413
    assert (await anna.post(path, content=b"")).status_code == 409
    read: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        for number in range(100):
            read.append(number)
            yield b"x" * 10_000

    assert (await anna.post(path, content=body())).status_code == 413
    read.clear()
    async with client_of(app_of(sqlite, content), None) as stranger:
        assert (await stranger.post(path, content=body())).status_code == 401
    assert read == []


async def test_an_answer_is_taken_back(anna: httpx.AsyncClient) -> None:
    """While it is held its writer gets the text back."""
    replied = await ok(await anna.post("/api/tickets/FD-1001/reply", json={"text": "Oops", "hold_seconds": 10}))
    message = replied["messages"][-1]["id"]
    assert await ok(await anna.post(f"/api/tickets/FD-1001/messages/{message}/undo")) == {"text": "Oops"}
    shown = await ok(await anna.get("/api/tickets/FD-1001"))
    assert (shown["messages"][-1]["state"], shown["state"]) == ("withheld", "open")


async def test_a_failed_answer_is_sent_again(anna: httpx.AsyncClient, sqlite: Database) -> None:
    """What may have arrived needs a word more."""
    await ok(await anna.post("/api/tickets/FD-1001/reply", json={"text": "Hello"}))
    message = rows(sqlite, Message)[-1].id

    def lose(session: Session) -> None:
        outbox.give_up(session, message, MessageState.UNKNOWN, "cut", NOW)

    sqlite.transact(lose)
    path = f"/api/tickets/FD-1001/messages/{message}/retry"
    assert (await anna.post(path, json={})).status_code == 409
    sent = await ok(await anna.post(path, json={"sure": True}))
    assert sent["messages"][-1]["state"] == "queued"


async def test_mentions_and_intents(anna: httpx.AsyncClient, sqlite: Database, content: Content) -> None:
    """Who is named finds the note until it is read; what a message means is written down."""

    def hire(session: Session) -> None:
        session.add(Agent(name="Anna", email="anna@example.com", created_at=NOW))

    sqlite.transact(hire)
    async with client_of(app_of(sqlite, content), sqlite.transact(tokens.create, "Ben", NOW)) as ben:
        await ok(await ben.post("/api/tickets/FD-1001/note", json={"text": "@anna look"}))
    (found,) = await ok(await anna.get("/api/mentions"))
    assert (found["number"], found["by"], found["text"]) == ("FD-1001", "Ben", "@anna look")
    assert (await anna.post("/api/tickets/FD-1001/seen")).status_code == 204
    assert await ok(await anna.get("/api/mentions")) == []
    path = "/api/tickets/FD-1001/messages/1/intent"
    corrected = await ok(await anna.put(path, json={"intent": "trading_fees"}))
    assert corrected["timeline"][-1]["detail"] == {"message": 1, "from": None, "to": "trading_fees"}
    assert (await anna.put(path, json={"intent": "made_up"})).status_code == 409
