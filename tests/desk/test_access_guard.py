"""What stands before every page of the desk: other sites, old pages, roles, and how much may be sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.datastructures import Headers

from bot.access.guard import entered
from bot.access.origin import is_ours
from bot.access.roles import may
from bot.bound import LONGEST_BODY
from bot.desk.rendering import POLICY
from bot.store.agent_tables import Role
from bot.store.database import Database
from tests.desk.house import HOME, browser_of, csrf, hire, log_in

#: What works without a session: it makes one.
OPEN = {"/desk/login", "/desk/login/code", "/desk/invite/{token}"}


def all_of(dependant: Dependant) -> Iterator[object]:
    """Every dependency of a route."""
    yield dependant.call
    for inner in dependant.dependencies:
        yield from all_of(inner)


def test_every_route_of_the_desk_is_guarded(site: FastAPI) -> None:
    """Whatever is added under /desk asks who is signed in, but for the pages that sign in."""
    every = [context.original_route for context in iter_route_contexts(site.routes)]
    routes = [route for route in every if isinstance(route, APIRoute) and route.path.startswith("/desk")]
    unguarded = {route.path for route in routes if entered not in all_of(route.dependant)}
    assert routes
    assert unguarded <= OPEN


async def test_a_change_needs_the_token_of_the_session(anna: httpx.AsyncClient) -> None:
    """In the header or in the form; without it, with a wrong one or with another session's nothing is done."""
    token = await csrf(anna)
    assert (await anna.post("/desk/thing", headers={"X-CSRF-Token": token})).json() == {"by": "Anna"}
    assert (await anna.post("/desk/thing", data={"csrf": token})).json() == {"by": "Anna"}
    assert (await anna.post("/desk/thing", files={"f": b"x"}, data={"csrf": token})).status_code == 200
    await log_in(anna)
    for wrong in ("", "x", "ÿ".encode("latin-1"), token):
        headers = {"X-CSRF-Token": wrong, "Accept": "application/json"}
        assert (await anna.post("/desk/thing", headers=headers)).status_code == 403  # type: ignore[arg-type]  # bytes and text both
    assert (await anna.post("/desk/thing", data={"csrf": "x"})).status_code == 403
    assert (await anna.post("/desk/thing")).status_code == 403


@pytest.mark.parametrize(
    "came",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": HOME, "Sec-Fetch-Site": "cross-site"},
        {"Origin": HOME, "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://desk.evil.example"},
        {"Origin": "http://[bad"},
    ],
)
async def test_a_change_from_another_site_is_refused(anna: httpx.AsyncClient, came: dict[str, str]) -> None:
    """Even with the right token, and at the login too."""
    anna.headers["X-CSRF-Token"] = await csrf(anna)
    for path in ("/desk/thing", "/desk/login", "/desk/logout"):
        anna.headers.pop("sec-fetch-site", None)
        assert (await anna.post(path, headers=came)).status_code == 403


def test_who_does_not_say_where_it_comes_from_changes_nothing() -> None:
    """A request with neither header is no browser's; a page's own fetch, with one of them, is ours."""
    assert not is_ours(Headers({"host": "desk"}), None)
    assert is_ours(Headers({"host": "desk", "sec-fetch-site": "same-origin"}), None)
    assert is_ours(Headers({"host": "desk", "origin": "http://desk"}), None)
    assert is_ours(Headers({"host": "10.0.0.7:80", "origin": "https://d.example"}), "https://d.example")
    assert not is_ours(Headers({"host": "10.0.0.7:80", "origin": "https://d.example"}), None)


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.AGENT, {Role.AGENT}),
        (Role.LEAD, {Role.AGENT, Role.LEAD}),
        (Role.MAINTAINER, {Role.AGENT, Role.MAINTAINER}),
        (Role.ADMIN, set(Role)),
    ],
)
def test_a_role_opens_what_it_says(role: Role, allowed: set[Role]) -> None:
    """Leads do not maintain, maintainers do not lead, admins do all."""
    assert {needed for needed in Role if may(role, needed)} == allowed


async def test_an_agent_does_not_lead(anna: httpx.AsyncClient, site: FastAPI, sqlite: Database) -> None:
    """A route for leads is 403 for an agent, and done for a lead."""
    headers = {"X-CSRF-Token": await csrf(anna), "Accept": "application/json"}
    assert (await anna.post("/desk/led", headers=headers)).status_code == 403
    hire(sqlite, "Lea", Role.LEAD)
    async with browser_of(site) as lea:
        await log_in(lea, "Lea")
        assert (await lea.post("/desk/led", headers={"X-CSRF-Token": await csrf(lea)})).json() == {"by": "Lea"}


@pytest.mark.parametrize("path", ["/desk", "/desk/login", "/desk/nothing", "/desk/static/desk.css", "/desk/invite/x"])
async def test_every_answer_carries_the_policy(stranger: httpx.AsyncClient, path: str) -> None:
    """Pages, redirects, errors and files alike run nothing but our own scripts, in nobody's frame."""
    answer = await stranger.get(path)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"


async def test_only_the_desk_is_guarded(stranger: httpx.AsyncClient) -> None:
    """The API next to it keeps its own words and needs no page's token."""
    answer = await stranger.get("/api/tickets", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("a valid token")


async def test_an_oversized_body_is_refused_before_it_is_read(anna: httpx.AsyncClient) -> None:
    """Announced or not; a file may be larger than a form, and a stranger's form is the smallest."""
    token = await csrf(anna)

    async def chunks(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 50_000 + 1):
            yield b"x" * 50_000

    form = {"X-CSRF-Token": token, "Content-Type": "application/x-www-form-urlencoded"}
    assert (await anna.post("/desk/upload", headers=form, content=b"x" * (LONGEST_BODY + 1))).status_code == 413
    assert (await anna.post("/desk/upload", headers=form, content=chunks(LONGEST_BODY))).status_code == 413
    file = {"file": b"x" * (LONGEST_BODY + 1)}
    assert (await anna.post("/desk/upload", headers={"X-CSRF-Token": token}, files=file)).status_code == 200
    anna.cookies.clear()
    assert (await anna.post("/desk/login", data={"email": "x" * 30_000})).status_code == 413
    assert (await anna.post("/desk/login", files=file)).status_code == 413


async def test_a_refusal_is_a_page_for_a_person_and_json_for_a_script(anna: httpx.AsyncClient) -> None:
    """Both say why, as text; the page in the agent's language."""
    token = await csrf(anna)
    page = await anna.post("/desk/refused", data={"csrf": token}, headers={"Accept-Language": "zh"})
    assert page.status_code == 409
    assert "This cannot be done" in page.text
    assert "FD-1001 is with somebody else than Anna &lt;b&gt;" in page.text
    answer = await anna.post("/desk/refused", headers={"X-CSRF-Token": token, "X-Requested-With": "fetch"})
    assert answer.json() == {"detail": "FD-1001 is with somebody else than Anna <b>"}
