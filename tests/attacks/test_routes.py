"""Every route there is, asked by everybody who must not: one that nobody thought of fails here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import httpx
import pytest
from fastapi.dependencies.models import Dependant

from bot.access.guard import Admin, Lead, Maintainer, entered
from bot.access.roles import may
from bot.access.scopes import Scope
from bot.store.agent_tables import Role
from tests.attacks.house import STAFF, House, filled, routes

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: What anybody may ask, and why.
PUBLIC = {
    "GET /": "the company's own page",
    "GET /docs": "says what the API is; shows nothing of what is kept",
    "GET /openapi.json": "the same, for machines",
    "GET /swagger/swagger-ui-bundle.js": "a file of the page above",
    "GET /swagger/swagger-ui.css": "a file of the page above",
    "GET /swagger/favicon-32x32.png": "a file of the page above",
    "GET /health": "whether it is up, for whoever watches over it",
    "GET /metrics": "numbers without names, for whoever watches over it",
    "GET /desk/static": "files of the desk's pages",
    "GET /desk/login": "signs in",
    "POST /desk/login": "signs in",
    "GET /desk/login/code": "signs in; asks for the first half",
    "POST /desk/login/code": "signs in; asks for the first half",
    "GET /desk/login/openid": "signs in",
    "GET /desk/login/openid/back": "signs in; what comes back must answer a question of ours",
    "GET /desk/invite/{token}": "the token is the key",
    "POST /desk/invite/{token}": "the token is the key",
    "GET /tickets/static": "files of the user's page",
    "GET /tickets/{token}": "the token is the key",
    "POST /tickets/{token}": "the token is the key",
    "GET /tickets/{token}/files/{file_id:int}": "the token is the key",
    "GET /channels/webchat/widget.js": "runs on other people's pages",
    "POST /channels/webchat/session": "gives a visitor their token",
    "GET /channels/webchat/private/": "where links lead; the link is the key",
    "GET /channels/webchat/private/widget.js": "a file of the page above",
    "POST /channels/webchat/private/session": "gives a visitor their token",
    "GET /channels/webchat/files/{id:int}": "the token in the address is the key",
    "GET /channels/webchat/private/files/{id:int}": "the token in the address is the key",
}

#: What a visitor's own token opens, and only for them.
VISITORS = {
    f"{way}{path}"
    for path in ("messages", "events", "claim")
    for way in ("GET /channels/webchat/", "POST /channels/webchat/", "POST /channels/webchat/private/")
} | {"GET /channels/webchat/private/events"}

#: Who may open a page of the desk that not everybody may.
LED = {
    Role.LEAD: {"GET /desk/wall", "GET /desk/parts/wall", "GET /desk/reports", "GET /desk/reports/{name}.csv"},
    Role.ADMIN: {
        "GET /desk/agents",
        "POST /desk/agents",
        "GET /desk/agents/{agent_id}",
        "POST /desk/agents/{agent_id}",
        "POST /desk/agents/{agent_id}/reset",
        "POST /desk/agents/{agent_id}/remove",
        "GET /desk/tokens",
        "POST /desk/tokens",
        "POST /desk/tokens/{token_id}/revoke",
        "GET /desk/audit",
        "GET /desk/audit.csv",
    },
}

#: The scope that opens what stands under an address, where it is not that of reading or of changing tickets.
SCOPES = {"/api/contacts": Scope.CONTACTS_WRITE, "/api/webhooks": Scope.WEBHOOKS_WRITE}


def named(house: House, method: str = "", under: str = "") -> list[tuple[str, str]]:
    """(method, path) of the routes under an address; with a method, of that alone, and with "!GET" of all others."""
    found = [(way, path) for way, path, _ in routes(house.site) if path.startswith(under)]
    if method == "!GET":
        return [(way, path) for way, path in found if way != "GET"]
    return [(way, path) for way, path in found if method in {"", way}]


def of_desk(house: House, method: str) -> list[tuple[str, str]]:
    """Routes of the desk that are for those who are signed in."""
    return [found for found in named(house, method, "/desk") if " ".join(found) not in PUBLIC]


async def asked(client: httpx.AsyncClient, method: str, path: str, **more: Any) -> httpx.Response:
    """The answer to a script, which is the same as a person's without the page around it."""
    return await client.request(method, path, headers={"Accept": "application/json", **more.pop("headers", {})}, **more)


async def test_every_route_is_known(open_house: House) -> None:
    """It is under the desk's guard, takes a token of an agent's or a visitor's, or is public for a reason."""
    for method, path, route in routes(open_house.site):
        name = f"{method} {path}"
        guarded = path.startswith("/desk") and entered in set(_asked_by(route))
        assert guarded or path.startswith("/api/") or name in VISITORS or name in PUBLIC, name
    every = {f"{method} {path}" for method, path, _ in routes(open_house.site)}
    assert set(PUBLIC) <= every


async def test_nothing_of_the_desk_without_a_session(open_house: House) -> None:
    """Whatever is asked for, the answer is to sign in; nothing is changed."""
    before = open_house.rows()
    async with open_house.stranger(origin="https://help.example.org") as stranger:
        for method, path in of_desk(open_house, ""):
            answer = await asked(stranger, method, filled(open_house, path))
            assert (path, answer.status_code) == (path, 401)
            forged = await asked(
                stranger, method, filled(open_house, path), headers={"Cookie": f"__Host-desk={'x' * 43}"}
            )
            assert (path, forged.status_code) == (path, 401)
    assert open_house.rows() == before


async def test_no_change_at_the_desk_without_the_form_s_token(open_house: House) -> None:
    """Whatever is posted by the browser of an admin; nothing is changed."""
    before, ada = open_house.rows(), open_house.browsers["Ada"]
    for method, path in of_desk(open_house, "!GET"):
        for wrong in ("", "0" * 64, open_house.browsers["Anna"].headers["X-CSRF-Token"]):
            answer = await asked(ada, method, filled(open_house, path), headers={"X-CSRF-Token": wrong})
            assert (path, answer.status_code) == (path, 403)
    assert open_house.rows() == before


@pytest.mark.parametrize(
    "came",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "https://help.example.org.evil.example"},
    ],
)
async def test_no_change_at_the_desk_from_another_site(open_house: House, came: dict[str, str]) -> None:
    """Even with the right token, at sign-in and with a link of one's own too; nothing is changed."""
    before, ada = open_house.rows(), open_house.browsers["Ada"]
    kept = ada.headers.pop("sec-fetch-site")
    try:
        for method, path in named(open_house, "!GET", "/desk"):
            answer = await asked(ada, method, filled(open_house, path), headers=came)
            assert (path, answer.status_code) == (path, 403)
    finally:
        ada.headers["sec-fetch-site"] = kept
    assert open_house.rows() == before


async def test_nothing_is_changed_by_a_get(open_house: House) -> None:
    """Whatever is posted cannot be asked for, by a link or a picture of another site."""
    read = {path for _, path in of_desk(open_house, "GET")}
    ada = open_house.browsers["Ada"]
    for _, path in of_desk(open_house, "!GET"):
        # Some of their addresses are also those of an agent, as /desk/agents/{agent_id}.
        if path not in read:
            answer = await asked(ada, "GET", filled(open_house, path))
            assert (path, answer.status_code) in {(path, 405), (path, 404)}


async def test_pages_of_leads_and_admins_refuse_everybody_else(open_house: House) -> None:
    """And open for whom they are; which those are is written down here, and no other asks for more than an agent."""
    for method, path, route in routes(open_house.site):
        name = f"{method} {path}"
        if not path.startswith("/desk") or name in PUBLIC:
            continue
        needed = next((role for role, those in LED.items() if name in those), Role.AGENT)
        assert (name, set(_roles(route))) == (name, {needed} - {Role.AGENT})
        for who, role in STAFF.items():
            if not may(role, needed):
                answer = await asked(open_house.browsers[who], method, filled(open_house, path))
                assert (who, name, answer.status_code) == (who, name, 403)


async def test_api_without_a_token(open_house: House) -> None:
    """Whatever is asked for: none, a wrong one, or a session of the desk in its place."""
    before = open_house.rows()
    async with open_house.stranger() as stranger:
        for method, path in named(open_house, "", "/api/"):
            for headers in ({}, {"Authorization": "Bearer fd_x"}, {"Authorization": "Basic YW5uYTp4"}):
                answer = await stranger.request(method, filled(open_house, path), headers=headers, json={})
                assert (path, answer.status_code) == (path, 401)
    for method, path in named(open_house, "", "/api/"):
        answer = await asked(open_house.browsers["Ada"], method, filled(open_house, path), json={})
        assert (path, answer.status_code) == (path, 401)
    assert open_house.rows() == before


async def test_api_with_a_token_for_something_else(open_house: House) -> None:
    """A token with every scope but the one that is needed is 403, and one that may only read changes nothing."""
    before, made = open_house.rows(), {}
    for scope in Scope:
        made[scope] = open_house.token("Ada", *(other for other in Scope if other is not scope))
    async with open_house.stranger() as stranger:
        for method, path in named(open_house, "", "/api/"):
            reads = Scope.TICKETS_READ if method == "GET" else Scope.TICKETS_WRITE
            needed = next((scope for prefix, scope in SCOPES.items() if path.startswith(prefix)), reads)
            answer = await stranger.request(method, filled(open_house, path), headers=made[needed], json={})
            assert (method, path, answer.status_code) == (method, path, 403)
    assert open_house.rows() == before


async def test_webhooks_are_for_admins(open_house: House) -> None:
    """A token of an agent's or a lead's that is for everything does not reach them."""
    async with open_house.stranger() as stranger:
        for who in ("Anna", "Lea", "Mia"):
            headers = open_house.token(who)
            for method, path in named(open_house, "", "/api/webhooks"):
                answer = await stranger.request(method, filled(open_house, path), headers=headers, json={})
                assert (path, answer.status_code) == (path, 403)


async def test_visitors_are_asked_for_their_token(open_house: House) -> None:
    """Wherever in the web chat something is read or written."""
    async with open_house.stranger() as stranger:
        for method, path in named(open_house, "", "/channels/"):
            if f"{method} {path}" in VISITORS:
                answer = await stranger.request(method, path, json={})
                assert (path, answer.status_code) == (path, 401)


def _asked_by(route: Any) -> Iterator[object]:
    """Every dependency of a route."""
    dependant = getattr(route, "dependant", None)
    if dependant is not None:
        yield from _all_of(dependant)


def _all_of(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _all_of(inner)


#: What asks for a role, by the role.
GUARDS = {
    get_args(guard)[1].dependency: role
    for guard, role in ((Lead, Role.LEAD), (Maintainer, Role.MAINTAINER), (Admin, Role.ADMIN))
}


def _roles(route: Any) -> Iterator[Role]:
    yield from (GUARDS[call] for call in _asked_by(route) if call in GUARDS)
