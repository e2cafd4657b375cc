"""The second factor: set up, asked for, replayed, lost, required."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pyotp
import pytest
from fastapi import FastAPI

from bot.access import factor
from bot.access.settings import Desk
from bot.conversation import Content, now
from bot.settings import Settings
from bot.store import sessions
from bot.store.access_tables import AuditLine, DeskSession, RecoveryCode
from bot.store.agent_tables import Agent, Role
from bot.store.database import Database, Session
from bot.store.sessions import Caller, Lifetime
from tests.desk.house import PASSWORD, app_of, browser_of, csrf, hire, log_in
from tests.samples import NOW, later, rows

CODE = re.compile(r"<code>(\w{4}-\w{4}-\w{4})</code>")


async def set_up(browser: httpx.AsyncClient) -> list[str]:
    """Turns it on with the code of one step ago, so that the present one is still good; the recovery codes."""
    page = await browser.get("/desk/profile/factor")
    (secret,) = re.findall(r'access-break">([A-Z2-7 ]+)<', page.text)
    code = pyotp.TOTP(secret.replace(" ", "")).at(now() - timedelta(seconds=30))
    form = {"csrf": await csrf(browser, "/desk/profile"), "code": code}
    done = await browser.post("/desk/profile/factor", data=form)
    assert done.status_code == 200, done.text
    return CODE.findall(done.text)


def code_of(sqlite: Database) -> str:
    """What Anna's app shows."""
    (anna,) = [agent for agent in rows(sqlite, Agent) if agent.name == "Anna"]
    assert anna.totp
    return pyotp.TOTP(anna.totp).at(now())


async def second(browser: httpx.AsyncClient, code: str) -> httpx.Response:
    """The second page of signing in, filled in and sent."""
    page = "/desk/login/code?next=%2Fdesk%2Fx"
    return await browser.post(
        "/desk/login/code", data={"csrf": await csrf(browser, page), "code": code, "next": "/desk/x"}
    )


async def test_a_password_alone_opens_nothing(anna: httpx.AsyncClient, site: FastAPI, sqlite: Database) -> None:
    """Between password and code every page is closed; with the code comes another session."""
    await set_up(anna)
    async with browser_of(site) as browser:
        sent = await log_in(browser, next="/desk/x")
        assert sent.headers["location"] == "/desk/login/code?next=%2Fdesk%2Fx"
        half = browser.cookies["desk"]
        for page in ("/desk", "/desk/profile", "/desk/profile/factor", "/desk/profile/factor.svg"):
            assert (await browser.get(page)).headers["location"].startswith("/desk/login?"), page
        assert (await second(browser, "000000")).status_code == 401
        done = await second(browser, code_of(sqlite))
        assert (done.status_code, done.headers["location"]) == (303, "/desk/x")
        assert browser.cookies["desk"] != half
        assert (await browser.get("/desk")).status_code == 200
    actions = [line.action for line in rows(sqlite, AuditLine)][-3:]
    assert actions == ["second factor on", "sign-in failed", "signed in"]


async def test_a_code_works_once(anna: httpx.AsyncClient, site: FastAPI, sqlite: Database) -> None:
    """Whoever saw it over a shoulder is too late."""
    await set_up(anna)
    code = code_of(sqlite)
    async with browser_of(site) as first, browser_of(site, address="192.0.2.99") as onlooker:
        await log_in(first)
        await log_in(onlooker)
        assert (await second(first, code)).status_code == 303
        assert (await second(onlooker, code)).status_code == 401


async def test_a_recovery_code_works_once(anna: httpx.AsyncClient, site: FastAPI, sqlite: Database) -> None:
    """In capitals or without dashes, too; only digests are stored; new ones void the old."""
    codes = await set_up(anna)
    assert len(set(codes)) == 10
    assert codes[0].replace("-", "") not in repr([row.model_dump() for row in rows(sqlite, RecoveryCode)])
    async with browser_of(site) as browser:
        await log_in(browser)
        assert (await second(browser, codes[0].upper().replace("-", " "))).status_code == 303
        await log_in(browser)
        assert (await second(browser, codes[0])).status_code == 401
    form = {"csrf": await csrf(anna, "/desk/profile"), "password": PASSWORD}
    renewed = CODE.findall((await anna.post("/desk/profile/factor/codes", data=form)).text)
    async with browser_of(site) as browser:
        await log_in(browser)
        assert (await second(browser, codes[1])).status_code == 401
        assert (await second(browser, renewed[1])).status_code == 303


async def test_guessing_codes_is_stopped(anna: httpx.AsyncClient, site: FastAPI, sqlite: Database) -> None:
    """After five guesses the right code is refused, too."""
    await set_up(anna)
    async with browser_of(site) as browser:
        await log_in(browser)
        for guess in range(5):
            assert (await second(browser, f"{guess:06}")).status_code == 401
        assert (await second(browser, code_of(sqlite))).status_code == 401


async def test_turning_it_on_ends_other_sessions_and_renews_this_one(anna: httpx.AsyncClient, site: FastAPI) -> None:
    """A change of rights: nobody who held a cookie before holds one after, but the one who did it."""
    async with browser_of(site) as other:
        await log_in(other)
        before = anna.cookies["desk"]
        await set_up(anna)
        assert anna.cookies["desk"] != before
        assert (await anna.get("/desk")).status_code == 200
        assert (await other.get("/desk")).status_code == 303
    assert (await anna.post("/desk/thing", data={"csrf": await csrf(anna)})).status_code == 200


async def test_turning_it_off_takes_the_password(anna: httpx.AsyncClient, sqlite: Database) -> None:
    """Somebody at an unlocked screen does not get rid of it."""
    await set_up(anna)
    form = {"csrf": await csrf(anna, "/desk/profile"), "password": "a wrong password"}
    assert (await anna.post("/desk/profile/factor/off", data=form)).status_code == 422
    assert rows(sqlite, Agent)[0].totp
    done = await anna.post("/desk/profile/factor/off", data=form | {"password": PASSWORD})
    assert done.headers["location"] == "/desk/profile?done=factor"
    assert rows(sqlite, Agent)[0].totp is None
    assert rows(sqlite, RecoveryCode) == []


@pytest.mark.parametrize(
    ("asked", "role", "must"),
    [("leads", Role.AGENT, False), ("leads", Role.LEAD, True), ("everybody", Role.AGENT, True)],
)
async def test_who_must_have_one_does_nothing_else_first(
    sqlite: Database, content: Content, asked: str, role: Role, *, must: bool
) -> None:
    """Every page leads to setting it up, and afterwards to itself."""
    hire(sqlite, role=role)
    settings = Settings.model_validate({"desk": {"second_factor": asked}})
    async with browser_of(app_of(sqlite, content, settings)) as browser:
        await log_in(browser)
        answer = await browser.get("/desk")
        assert answer.headers.get("location") == ("/desk/profile/factor" if must else None)
        if must:
            assert "before anything else" in (await browser.get("/desk/profile/factor")).text
            token = await csrf(browser, "/desk/profile/factor")
            assert (await browser.post("/desk/thing", data={"csrf": token})).status_code == 303


async def test_the_picture_is_a_file_of_ours(anna: httpx.AsyncClient) -> None:
    """An SVG under the desk's policy, stored nowhere, and of the same secret as the page."""
    picture = await anna.get("/desk/profile/factor.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.headers["cache-control"] == "private, no-store"
    assert "<script" not in picture.text
    first = await anna.get("/desk/profile/factor")
    assert first.text == (await anna.get("/desk/profile/factor")).text


def test_a_code_holds_for_its_neighbours_and_never_again() -> None:
    """Clocks may differ by half a minute; what was used, or lies before, is none."""
    secret = factor.new_secret()
    step = int(NOW.timestamp()) // factor.STEP
    code = pyotp.TOTP(secret).at(NOW)
    for seconds, found in ((-60, None), (-30, step), (0, step), (30, step), (60, None)):
        assert factor.step_of(secret, code, later(seconds), 0) == found
    assert factor.step_of(secret, code, NOW, step) is None
    assert factor.step_of(secret, f"{code[:3]} {code[3:]}", NOW, step - 1) == step
    assert factor.step_of(secret, "", NOW, 0) is None


LIFETIME = Lifetime(timedelta(minutes=120), timedelta(hours=12))
HERE = Caller("Firefox", "192.0.2.7")


def test_sessions_end_by_themselves(database: Database) -> None:
    """After two hours without a request, or twelve in all; half a sign-in after five minutes."""
    agent = hire(database)

    def seen(token: str, minutes: float) -> bool:
        return database.transact(sessions.entry_of, token, HERE, LIFETIME, later(60 * minutes)) is not None

    def begin(*, pending: bool = False) -> str:
        return database.transact(sessions.begin, agent.id, HERE, NOW, pending=pending)

    idle, busy, half = begin(), begin(), begin(pending=True)
    assert [seen(busy, 119 * step) for step in range(1, 7)] == [True] * 6
    assert not seen(busy, 720)
    assert not seen(busy, 1)
    assert not seen(idle, 120)
    assert seen(half, 4.9)
    assert not seen(half, 5)
    assert rows(database, DeskSession) == []


def test_what_is_over_is_forgotten(database: Database) -> None:
    """Nobody comes back for it, so it is cleared when somebody signs in."""
    agent = hire(database)
    for minutes in (0, 60, 200):
        database.transact(sessions.begin, agent.id, HERE, later(60 * minutes))

    def clear(session: Session) -> None:
        sessions.clear(session, LIFETIME, later(60 * 190))

    database.transact(clear)
    assert [row.created_at for row in rows(database, DeskSession)] == [later(12_000)]


def test_the_second_factor_is_optional_by_default() -> None:
    """A fresh installation asks nobody for an app."""
    assert Desk().second_factor == "optional"
