"""Signing in with an OpenID provider: who gets in, and what a provider or a thief of its answers makes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from bot.access.settings import Desk, Oidc
from bot.conversation import Content
from bot.settings import Settings
from bot.store.access_tables import AuditLine, DeskSession
from bot.store.agent_tables import Agent, Role
from bot.store.database import Database, Session
from tests.desk.house import app_of, browser_of, hire, log_in
from tests.desk.idp import BACK, CLIENT, SECRET, Idp, by_stranger, provided, rs256, sign_in, way_back
from tests.samples import rows

Build = Callable[..., FastAPI]
Sign = Callable[[dict[str, Any], str], str]


@pytest.fixture
async def idp() -> AsyncIterator[Idp]:
    async with provided() as found:
        yield found


@pytest.fixture
def build(sqlite: Database, content: Content, settings: Settings, idp: Idp) -> Build:
    """The desk, with settings of `desk.oidc` besides the usual."""

    def built(factor: str = "optional", **more: Any) -> FastAPI:
        oidc = Oidc.model_validate(
            {
                "issuer": idp.issuer,
                "client_id": CLIENT,
                "client_secret": SecretStr(SECRET),
                "name": "Keycloak <b>",
                "timeout_seconds": 5,
                **more,
            }
        )
        desk = Desk.model_validate({"second_factor": factor, "oidc": oidc})
        return app_of(sqlite, content, settings.model_copy(update={"desk": desk}))

    return built


@pytest.fixture
async def browser(build: Build) -> AsyncIterator[httpx.AsyncClient]:
    """At a desk with the usual settings."""
    async with browser_of(build()) as found:
        yield found


def trail(database: Database) -> list[tuple[str, str, Any]]:
    """What the audit trail says of signing in with the provider."""
    lines = [line for line in rows(database, AuditLine) if line.detail.get("over") == "openid"]
    return [(line.actor, line.action, line.detail.get("reason")) for line in lines]


async def test_who_the_provider_vouches_for_is_signed_in(browser: httpx.AsyncClient, sqlite: Database) -> None:
    """On the page that was wanted, with a session like any other, in the trail; the attempt's cookie is gone."""
    hire(sqlite)
    assert "Sign in with Keycloak &lt;b&gt;" in (await browser.get("/desk/login")).text
    entered = await sign_in(browser, "/desk?queue=mine")
    assert (entered.status_code, entered.headers["location"]) == (303, "/desk?queue=mine")
    assert "hello Anna" in (await browser.get("/desk")).text
    assert list(browser.cookies) == ["desk"]
    assert trail(sqlite) == [("Anna", "signed in", None)]


async def test_an_old_session_ends_and_none_is_fixed(browser: httpx.AsyncClient, sqlite: Database) -> None:
    """Signing in again gives another cookie, and the one before opens nothing."""
    hire(sqlite)
    await sign_in(browser)
    before = browser.cookies["desk"]
    await sign_in(browser)
    assert browser.cookies["desk"] != before
    assert len(rows(sqlite, DeskSession)) == 1


@pytest.mark.parametrize(
    ("person", "signed", "status", "reason"),
    [
        ({"email": "anna@example.org", "email_verified": False}, rs256, 403, "NotAnAgent"),
        ({"email": "mallory@example.org", "email_verified": True}, rs256, 403, "NotAnAgent"),
        ({"email": "anna@example.org", "email_verified": True}, by_stranger, 400, "NotBelieved"),
    ],
)
async def test_whoever_is_not_believed_is_told_so_and_not_let_in(
    browser: httpx.AsyncClient,
    idp: Idp,
    sqlite: Database,
    person: dict[str, Any],
    signed: Sign,
    status: int,
    reason: str,
) -> None:
    """In the reader's language, without a secret, and with a line in the audit trail; nobody becomes an agent."""
    hire(sqlite)
    idp.person, idp.sign = person, signed
    browser.headers["Accept-Language"] = "zh"
    page = await sign_in(browser)
    assert (page.status_code, "登录服务" in page.text, SECRET in page.text) == (status, True, False)
    assert rows(sqlite, DeskSession) == []
    assert trail(sqlite) == [("unknown", "sign-in failed", reason)]
    assert [agent.name for agent in rows(sqlite, Agent)] == ["Anna"]


async def test_an_answer_works_once_and_in_its_own_browser(
    browser: httpx.AsyncClient, build: Build, idp: Idp, sqlite: Database
) -> None:
    """A copy of the address opens nothing, with the cookie or without, nor does one of another attempt."""
    hire(sqlite)
    back = await way_back(browser)
    async with browser_of(build()) as thief:
        assert (await thief.get(back)).status_code == 400
        await way_back(thief)
        assert (await thief.get(back)).status_code == 400
    cookie = browser.cookies["desk-openid"]
    assert (await browser.get(back)).status_code == 303
    asked = idp.asked.count("/token")
    browser.cookies.set("desk-openid", cookie)
    assert (await browser.get(back)).status_code == 400
    assert idp.asked.count("/token") == asked == 1


async def test_a_code_works_once(browser: httpx.AsyncClient, sqlite: Database) -> None:
    """A code that was redeemed, put into another attempt, is refused by the provider, and told as that."""
    hire(sqlite)
    used = httpx.URL(await way_back(browser))
    await browser.get(str(used))
    fresh = httpx.URL(await way_back(browser))
    page = await browser.get(str(fresh.copy_set_param("code", used.params["code"])))
    assert page.status_code == 403


async def test_the_providers_own_refusal_is_told_without_its_words(
    browser: httpx.AsyncClient, sqlite: Database
) -> None:
    """Whoever makes somebody open such an address writes nothing onto our page."""
    hire(sqlite)
    state = httpx.URL(await way_back(browser)).params["state"]
    said = {"state": state, "error": "access_denied", "error_description": "call 0900 <script>"}
    page = await browser.get(BACK, params=said)
    assert (page.status_code, "0900" in page.text) == (403, False)
    assert "did not sign you in" in page.text


async def test_without_the_provider_a_password_opens_the_desk(build: Build, idp: Idp, sqlite: Database) -> None:
    """Whoever tries the button is told, and the form beside it works."""
    hire(sqlite)
    idp.discovery = {"issuer": "https://accounts.example.net"}
    async with browser_of(build()) as browser:
        page = await browser.get("/desk/login/openid", params={"next": "/desk?queue=mine"})
        assert (page.status_code, "does not answer as it should" in page.text) == (502, True)
        assert (await log_in(browser)).status_code == 303


async def test_passwords_can_be_closed(build: Build, sqlite: Database) -> None:
    """Then there is no form, and whoever sends one all the same is refused."""
    hire(sqlite)
    async with browser_of(build(password_login=False)) as browser:
        assert "password" not in (await browser.get("/desk/login")).text
        assert (await log_in(browser)).status_code == 403
        assert (await sign_in(browser)).status_code == 303


async def test_our_second_factor_is_asked_for_as_after_a_password(build: Build, idp: Idp, sqlite: Database) -> None:
    """Unless the provider saw one that counts."""
    anna = hire(sqlite)
    sqlite.transact(_with_factor, anna.id)
    async with browser_of(build(second_factor=["mfa"])) as browser:
        assert (await sign_in(browser)).headers["location"] == "/desk/login/code?next=%2Fdesk"
        assert (await browser.get("/desk")).status_code == 303
        idp.person["acr"] = "mfa"
        assert (await sign_in(browser)).headers["location"] == "/desk"


def _with_factor(session: Session, agent_id: int) -> None:
    session.get_one(Agent, agent_id).totp = "JBSWY3DPEHPK3PXP"


async def test_callbacks_are_counted(build: Build) -> None:
    """One network cannot keep desk and provider busy with them."""
    async with browser_of(build()) as browser:
        for _ in range(50):
            assert (await browser.get(BACK)).status_code == 400
        assert (await browser.get(BACK)).status_code == 429
        assert (await browser.get("/desk/login/openid")).status_code == 429


async def test_without_a_provider_there_is_no_way_to_one(stranger: httpx.AsyncClient) -> None:
    """Neither the button nor the addresses."""
    assert "openid" not in (await stranger.get("/desk/login")).text
    assert (await stranger.get("/desk/login/openid")).status_code == 404


async def test_somebody_new_becomes_an_agent_where_that_is_set(build: Build, idp: Idp, sqlite: Database) -> None:
    """With the least role and the name the provider has; a name that was given is not given again."""
    hire(sqlite)
    async with browser_of(build(domains=["example.org"], create=True)) as browser:
        idp.person = {"email": "Ben@Example.org", "email_verified": True, "name": "anna"}
        assert (await sign_in(browser)).status_code == 403
        idp.person["name"] = "Ben Lee"
        assert (await sign_in(browser)).status_code == 303
        assert "hello Ben Lee" in (await browser.get("/desk")).text
    found = {agent.name: (agent.email, agent.role, agent.password) for agent in rows(sqlite, Agent)}
    assert found["Ben Lee"] == ("ben@example.org", Role.AGENT, None)
    assert len(found) == 2


async def test_a_second_factor_of_the_provider_counts_where_it_is_named(
    build: Build, idp: Idp, sqlite: Database
) -> None:
    """Else whoever must have one sets up ours first."""
    hire(sqlite)
    async with browser_of(build("everybody", second_factor=["mfa"])) as browser:
        await sign_in(browser)
        assert (await browser.get("/desk")).headers["location"] == "/desk/profile/factor"
        idp.person["amr"] = ["pwd", "mfa"]
        await sign_in(browser)
        assert "hello Anna" in (await browser.get("/desk")).text
