"""What a token opens, and that what it opened stands in the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI

from bot.access.scopes import Scope, needs_scope
from bot.conversation import Content
from bot.settings import Settings
from bot.store import agents, tokens
from bot.store.access_tables import AuditLine
from bot.store.agent_tables import Role
from bot.store.database import Database
from tests.desk.house import app_of
from tests.samples import NOW, escalated, rows


def caller(app: FastAPI, database: Database, *scopes: str, agent: str = "Anna") -> httpx.AsyncClient:
    """A program with a token."""
    token = database.transact(tokens.create, agent, NOW, scopes)
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk", headers=headers)


@pytest.fixture
def api(sqlite: Database, content: Content, settings: Settings) -> FastAPI:
    """The API, with a route for leads."""
    app = app_of(sqlite, content, settings)

    @app.get("/api/report")
    async def report(agent: Annotated[str, Depends(needs_scope(Scope.REPORTS_READ, Role.LEAD))]) -> str:
        return agent

    return app


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [
        ([], 200, 200),
        ([Scope.TICKETS_READ], 200, 403),
        ([Scope.TICKETS_WRITE], 403, 200),
        ([Scope.CONTACTS_WRITE], 403, 403),
    ],
)
async def test_a_token_opens_what_its_scopes_say(
    api: FastAPI, sqlite: Database, scopes: Sequence[Scope], reads: int, writes: int
) -> None:
    """No scopes are all; what is missing is named, and nothing is done or seen."""
    number = escalated(sqlite).number
    async with caller(api, sqlite, *scopes) as program:
        listed = await program.get("/api/tickets")
        seen = await program.get(f"/api/tickets/{number}")
        noted = await program.post(f"/api/tickets/{number}/note", json={"text": "called back"})
    assert (listed.status_code, seen.status_code, noted.status_code) == (reads, reads, writes)
    said = {answer.json()["detail"] for answer in (seen, noted) if answer.status_code == 403}
    wanted = {"tickets:read"} if reads == 403 else set()
    wanted |= {"tickets:write"} if writes == 403 else set()
    assert said == {f"this token lacks the scope {scope}" for scope in wanted}


async def test_a_scope_gives_no_more_than_the_agents_role(api: FastAPI, sqlite: Database) -> None:
    """An agent's token reads no report for leads, a lead's does, and so does a program that is no agent."""
    for name, role in (("Ben", Role.AGENT), ("Lea", Role.LEAD)):
        sqlite.transact(agents.add, name, f"{name}@example.org", role, NOW)
    for name, status in (("Ben", 403), ("Lea", 200), ("warehouse", 200)):
        async with caller(api, sqlite, Scope.REPORTS_READ, agent=name) as program:
            assert (await program.get("/api/report")).status_code == status, name


async def test_every_look_at_a_ticket_is_in_the_trail(api: FastAPI, sqlite: Database) -> None:
    """Whoever looked, once in five minutes; who was refused, or asked for what is not there, saw nothing."""
    number = escalated(sqlite).number
    async with caller(api, sqlite) as anna, caller(api, sqlite, Scope.CONTACTS_WRITE, agent="crm") as crm:
        for _ in range(3):
            assert (await anna.get(f"/api/tickets/{number.lower()}")).status_code == 200
        assert (await crm.get(f"/api/tickets/{number}")).status_code == 403
        assert (await anna.get("/api/tickets/FD-9")).status_code == 404
    seen = [line for line in rows(sqlite, AuditLine) if line.action == "ticket viewed"]
    assert [(line.actor, line.subject, line.detail) for line in seen] == [("Anna", number, {"over": "api"})]
