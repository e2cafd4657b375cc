"""Tokens made and revoked at the desk."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from bot.conversation import now
from bot.store import tokens
from bot.store.access_tables import AuditLine
from bot.store.agent_tables import Role, Token
from bot.store.database import Database
from tests.desk.house import browser_of, csrf, hire, log_in
from tests.samples import rows


@pytest.fixture
async def ada(site: FastAPI, sqlite: Database) -> AsyncIterator[httpx.AsyncClient]:
    """An admin at work."""
    hire(sqlite, "Ada", Role.ADMIN)
    async with browser_of(site) as browser:
        assert (await log_in(browser, "Ada")).status_code == 303
        yield browser


async def create(browser: httpx.AsyncClient, agent: str, **more: object) -> httpx.Response:
    """The form, filled in and sent."""
    form = {"agent": agent, "csrf": await csrf(browser, "/desk/tokens"), **more}
    return await browser.post("/desk/tokens", data=form)


async def test_a_token_is_shown_once_and_opens_what_was_chosen(ada: httpx.AsyncClient, sqlite: Database) -> None:
    """It can be read when it is made and never again; the trail knows who made it and with which scopes."""
    page = await create(ada, "crm <b>", scope=["contacts:write", "reports:read"])
    found = re.search(r"<code[^>]*>(fd_[\w-]+)</code>", page.text)
    assert found
    assert "crm &lt;b&gt;" in page.text
    key = sqlite.transact(tokens.key_of, found[1])
    assert key is not None
    assert (key.agent, key.scopes) == ("crm <b>", ["contacts:write", "reports:read"])
    again = await ada.get("/desk/tokens")
    assert "fd_" not in again.text
    assert "contacts:write, reports:read" in again.text
    (line,) = [line for line in rows(sqlite, AuditLine) if line.action == "token created"]
    assert (line.actor, line.subject) == ("Ada", "crm <b>")


async def test_no_limit_is_asked_for_and_not_given_by_forgetting(ada: httpx.AsyncClient, sqlite: Database) -> None:
    """Neither scopes nor the box beside them makes no token, nor do both, a scope there is not, or a name we use."""
    refused: list[dict[str, object]] = [
        {},
        {"scope": ["tickets:read"], "everything": "true"},
        {"scope": ["everything"]},
    ]
    for form in refused:
        assert (await create(ada, "crm", **form)).status_code == 422
    assert (await create(ada, "bot", everything="true")).status_code == 422
    assert rows(sqlite, Token) == []
    assert (await create(ada, "crm", everything="true")).status_code == 200
    assert [token.scopes for token in rows(sqlite, Token)] == [[]]


async def test_a_revoked_token_opens_nothing(ada: httpx.AsyncClient, sqlite: Database) -> None:
    """It stays in the list as what it is; the trail knows who revoked it."""
    token = sqlite.transact(tokens.create, "crm", now())
    form = {"csrf": await csrf(ada, "/desk/tokens")}
    assert (await ada.post("/desk/tokens/1/revoke", data=form)).status_code == 303
    assert sqlite.transact(tokens.key_of, token) is None
    page = await ada.get("/desk/tokens")
    assert "revoked 20" in page.text
    assert "/desk/tokens/1/revoke" not in page.text
    assert [line.actor for line in rows(sqlite, AuditLine) if line.action == "token revoked"] == ["Ada"]
    assert (await ada.post("/desk/tokens/7/revoke", data=form)).status_code == 404


async def test_tokens_are_for_admins(anna: httpx.AsyncClient, sqlite: Database) -> None:
    """An agent neither sees nor makes nor revokes any."""
    sqlite.transact(tokens.create, "crm", now())
    form = {"agent": "mine", "everything": "true", "csrf": await csrf(anna, "/desk/profile")}
    assert (await anna.get("/desk/tokens")).status_code == 403
    assert (await anna.post("/desk/tokens", data=form)).status_code == 403
    assert (await anna.post("/desk/tokens/1/revoke", data=form)).status_code == 403
    assert [(token.agent, token.revoked_at) for token in rows(sqlite, Token)] == [("crm", None)]


async def test_a_form_of_another_page_makes_no_token(ada: httpx.AsyncClient, sqlite: Database) -> None:
    """What was not sent by a page that this session was shown changes nothing."""
    form = {"agent": "crm", "everything": "true", "csrf": "guessed"}
    assert (await ada.post("/desk/tokens", data=form)).status_code == 403
    assert rows(sqlite, Token) == []
