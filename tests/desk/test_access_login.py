"""Signing in: who gets in, who does not, and what an attacker makes of it."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from bot.access.origin import inside
from bot.conversation import Content, now
from bot.settings import Settings, Web
from bot.store import agents
from bot.store.access_tables import AuditLine, DeskSession
from bot.store.database import Database
from tests.desk.house import app_of, browser_of, csrf, hire, log_in
from tests.samples import rows


async def test_a_page_sends_strangers_to_the_login_and_back(stranger: httpx.AsyncClient, sqlite: Database) -> None:
    """Who is not signed in gets the login, and after it the page that was asked for."""
    hire(sqlite)
    sent = await stranger.get("/desk?queue=mine&state=open")
    assert (sent.status_code, sent.headers["location"]) == (
        303,
        "/desk/login?next=%2Fdesk%3Fqueue%3Dmine%26state%3Dopen",
    )
    page = await stranger.get(sent.headers["location"])
    assert 'value="/desk?queue=mine&amp;state=open"' in page.text
    back = await log_in(stranger, next="/desk?queue=mine&state=open")
    assert (back.status_code, back.headers["location"]) == (303, "/desk?queue=mine&state=open")
    assert "hello Anna" in (await stranger.get("/desk")).text


@pytest.mark.parametrize("asking", [{"Accept": "application/json"}, {"X-Requested-With": "fetch"}])
async def test_a_script_is_told_with_401(stranger: httpx.AsyncClient, asking: dict[str, str]) -> None:
    """A fetch gets JSON it can act on, no page."""
    answer = await stranger.get("/desk", headers=asking)
    assert (answer.status_code, answer.json()["at"]) == (401, "/desk/login?next=%2Fdesk")


async def test_the_cookie_is_for_pages_alone_and_its_secret_is_not_stored(
    stranger: httpx.AsyncClient, sqlite: Database
) -> None:
    """No script reads it, no other site sends it with a form, and the database holds a digest."""
    hire(sqlite)
    cookie = (await log_in(stranger)).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    (session,) = rows(sqlite, DeskSession)
    assert stranger.cookies["desk"] not in repr(session.model_dump())


async def test_behind_https_the_cookie_never_leaves_it(sqlite: Database, content: Content) -> None:
    """With a public address the cookie is Secure, and bound to the host."""
    hire(sqlite)
    app = app_of(sqlite, content, Settings(web=Web(public_url="https://desk.example.org")))
    async with browser_of(app, home="https://desk.example.org") as browser:
        cookie = (await log_in(browser)).headers["set-cookie"]
        assert cookie.startswith("__Host-desk=")
        assert "Secure" in cookie
        assert "hello Anna" in (await browser.get("/desk")).text


async def test_a_wrong_password_and_an_unknown_account_look_the_same(
    stranger: httpx.AsyncClient, sqlite: Database
) -> None:
    """Nobody learns who works here; the trail knows whose account it was, and not what was typed."""
    hire(sqlite)
    known = await log_in(stranger, password="Tr0ub4dor&3 wrong")
    unknown = await stranger.post("/desk/login", data={"email": "my secret@example.org", "password": "x"})
    assert known.status_code == unknown.status_code == 401
    assert known.text.replace("anna@example.org", "") == unknown.text.replace("my secret@example.org", "")
    failed = [line for line in rows(sqlite, AuditLine) if line.action == "sign-in failed"]
    assert [(line.actor, line.subject) for line in failed] == [("unknown", "Anna"), ("unknown", "")]
    assert "my secret" not in repr([line.model_dump() for line in failed])
    assert "desk" not in stranger.cookies


async def test_brute_force_is_stopped_by_pair(stranger: httpx.AsyncClient, site: FastAPI, sqlite: Database) -> None:
    """After five tries the right password opens nothing from there, and still does from elsewhere."""
    hire(sqlite)
    for guess in range(5):
        assert (await log_in(stranger, password=f"guess number {guess}")).status_code == 401
    assert (await log_in(stranger)).status_code == 401
    async with browser_of(site, address="192.0.2.8") as elsewhere:
        assert (await log_in(elsewhere)).status_code == 303


async def test_other_spellings_of_an_account_are_the_same_account(
    stranger: httpx.AsyncClient, sqlite: Database
) -> None:
    """Capitals and spaces buy no more tries."""
    hire(sqlite)
    for spelling in ("anna@", "ANNA@", "Anna@", " anna@", "anNa@"):
        form = {"email": f"{spelling}example.org", "password": "a wrong password"}
        assert (await stranger.post("/desk/login", data=form)).status_code == 401
    assert (await log_in(stranger)).status_code == 401


async def test_signing_in_makes_a_new_session(stranger: httpx.AsyncClient, sqlite: Database) -> None:
    """A cookie somebody planted before opens nothing afterwards, and the session before ends: no fixation."""
    hire(sqlite)
    stranger.cookies.set("desk", "planted-by-somebody-else", domain="desk.local", path="/")
    await log_in(stranger)
    first = stranger.cookies["desk"]
    assert first != "planted-by-somebody-else"
    await log_in(stranger)
    assert stranger.cookies["desk"] != first
    assert len(rows(sqlite, DeskSession)) == 1


async def test_a_stolen_cookie_ends_the_session(anna: httpx.AsyncClient, site: FastAPI, sqlite: Database) -> None:
    """With another browser's name it is refused, opens nothing any more for anybody, and the trail has a line."""
    async with browser_of(site, agent="curl/8", address="203.0.113.9") as thief:
        thief.cookies.set("desk", anna.cookies["desk"])
        assert (await thief.get("/desk")).status_code == 303
    assert (await anna.get("/desk")).status_code == 303
    last = rows(sqlite, AuditLine)[-1]
    assert (last.action, last.subject, last.detail) == (
        "session from another browser",
        "Anna",
        {"address": "203.0.113.9"},
    )


async def test_signing_out_ends_the_session(anna: httpx.AsyncClient, sqlite: Database) -> None:
    """The cookie is taken back, and a copy of it opens nothing."""
    copy = anna.cookies["desk"]
    answer = await anna.post("/desk/logout", data={"csrf": await csrf(anna)})
    assert answer.headers["location"] == "/desk/login"
    assert "desk" not in anna.cookies
    anna.cookies.set("desk", copy)
    assert (await anna.get("/desk")).status_code == 303
    assert rows(sqlite, DeskSession) == []


async def test_a_removed_agent_is_out_at_once(anna: httpx.AsyncClient, sqlite: Database) -> None:
    """The next request of a session that is open finds nobody, and the password opens nothing."""
    sqlite.transact(agents.remove, "Anna", "Olga", now())
    assert (await anna.get("/desk")).status_code == 303
    assert (await log_in(anna)).status_code == 401


ELSEWHERE = (
    "https://evil.example/desk",
    "//evil.example/desk",
    "/\\evil.example",
    "/desk\\@evil.example",
    "/desk.evil.example",
    "/deskx",
    "javascript:alert(1)",
    "/desk\r\nLocation: https://evil.example",
    "/desk/\u202egnp.exe",
    "",
)


async def test_the_login_sends_nobody_elsewhere(stranger: httpx.AsyncClient, sqlite: Database) -> None:
    """Whatever a link puts into next=, who signs in stays at the desk."""
    hire(sqlite)
    for wanted in ELSEWHERE:
        assert inside(wanted) == "/desk", wanted
    assert 'name="next" value="/desk"' in (await stranger.get("/desk/login", params={"next": ELSEWHERE[0]})).text
    assert (await log_in(stranger, next=ELSEWHERE[0])).headers["location"] == "/desk"


async def test_the_login_speaks_chinese(stranger: httpx.AsyncClient) -> None:
    """In the language the browser asks for."""
    page = await stranger.get("/desk/login", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"})
    assert "邮箱地址" in page.text
    assert '<html lang="zh">' in page.text
