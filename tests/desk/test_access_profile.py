"""What agents change of themselves, and admins of everybody."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator
from io import StringIO

import httpx
import pytest
from fastapi import FastAPI

from bot.store import audit, tokens
from bot.store.access_tables import AuditLine
from bot.store.agent_tables import Agent, Role
from bot.store.database import Database, Session
from tests.desk.house import PASSWORD, browser_of, csrf, hire, log_in
from tests.samples import NOW, rows

NEW = "a better password"


@pytest.fixture
async def olga(site: FastAPI, sqlite: Database) -> AsyncIterator[httpx.AsyncClient]:
    """An admin at work."""
    hire(sqlite, "Olga", Role.ADMIN)
    async with browser_of(site) as browser:
        await log_in(browser, "Olga")
        yield browser


async def send(browser: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    """A form of the desk, sent."""
    return await browser.post(path, data={"csrf": await csrf(browser), **form})


def agent(sqlite: Database, name: str) -> Agent:
    (found,) = [one for one in rows(sqlite, Agent) if one.name == name]
    return found


async def test_the_desk_is_shown_in_the_agents_language(anna: httpx.AsyncClient) -> None:
    """From the next page on; a language that is none is English."""
    await send(anna, "/desk/profile/language", language="zh")
    assert "退出登录" in (await anna.get("/desk/profile")).text
    await send(anna, "/desk/profile/language", language="<script>")
    assert "Sign out" in (await anna.get("/desk/profile")).text


async def test_a_new_password_takes_the_old_one(anna: httpx.AsyncClient, site: FastAPI) -> None:
    """A wrong one or a weak new one changes nothing; a good one ends every other session and renews this."""
    async with browser_of(site) as other:
        await log_in(other)
        assert (await send(anna, "/desk/profile/password", password="wrong", new=NEW)).status_code == 422
        assert (await send(anna, "/desk/profile/password", password=PASSWORD, new="short")).status_code == 422
        assert (await other.get("/desk")).status_code == 200
        before = anna.cookies["desk"]
        assert (await send(anna, "/desk/profile/password", password=PASSWORD, new=NEW)).status_code == 303
        assert anna.cookies["desk"] != before
        assert (await anna.get("/desk")).status_code == 200
        assert (await other.get("/desk")).status_code == 303
        assert (await log_in(other)).status_code == 401
        assert (await log_in(other, password=NEW)).status_code == 303


async def test_sessions_are_listed_and_ended(anna: httpx.AsyncClient, site: FastAPI, sqlite: Database) -> None:
    """One or all others; nobody ends another agent's, whatever number they send."""
    hire(sqlite, "Ben")
    async with browser_of(site, agent="Phone <b>1</b>") as phone, browser_of(site) as ben:
        await log_in(phone)
        await log_in(ben, "Ben")
        page = (await anna.get("/desk/profile")).text
        assert "Phone &lt;b&gt;1&lt;/b&gt;" in page
        ids = re.findall(r'name="session" value="(\d+)"', page)
        assert len(ids) == 1
        for session in ("3", "0", "-1", "9" * 30, "x", "²"):
            assert (await send(anna, "/desk/profile/sessions", session=session)).status_code == 303
        assert (await ben.get("/desk")).status_code == 200
        assert (await phone.get("/desk")).status_code == 200
        await send(anna, "/desk/profile/sessions", session=ids[0])
        assert (await phone.get("/desk")).status_code == 303
        await log_in(phone)
        await send(anna, "/desk/profile/sessions", session="others")
        assert (await phone.get("/desk")).status_code == 303
        assert (await anna.get("/desk")).status_code == 200


ADMINS = [
    ("GET", "/desk/agents"),
    ("POST", "/desk/agents"),
    ("GET", "/desk/agents/1"),
    ("POST", "/desk/agents/1"),
    ("POST", "/desk/agents/1/reset"),
    ("POST", "/desk/agents/1/remove"),
    ("GET", "/desk/audit"),
    ("GET", "/desk/audit.csv"),
]


async def test_only_admins_manage(site: FastAPI, sqlite: Database) -> None:
    """An agent, a lead and a maintainer are refused everywhere, and nothing is done."""
    form = {"role": "admin", "capacity": "5", "name": "Eve", "email": "eve@example.org"}
    for name, role in (("Anna", Role.AGENT), ("Lea", Role.LEAD), ("Max", Role.MAINTAINER)):
        hire(sqlite, name, role)
        async with browser_of(site) as browser:
            await log_in(browser, name)
            token = await csrf(browser)
            for method, path in ADMINS:
                data = {"csrf": token, **form} if method == "POST" else None
                assert (await browser.request(method, path, data=data)).status_code == 403, (name, path)
    assert {one.name: one.role for one in rows(sqlite, Agent)} == {
        "Anna": Role.AGENT,
        "Lea": Role.LEAD,
        "Max": Role.MAINTAINER,
    }


async def test_an_admin_invites(olga: httpx.AsyncClient, stranger: httpx.AsyncClient, sqlite: Database) -> None:
    """The link is shown once and works; a name that is taken is explained, and what was typed stays."""
    page = await send(olga, "/desk/agents", name="Ben", email="ben@example.org", role="lead")
    (link,) = re.findall(r"http://desk(/desk/invite/[\w-]+)", page.text)
    assert link not in (await olga.get("/desk/agents")).text
    assert (await stranger.post(link, data={"password": NEW})).status_code == 303
    assert agent(sqlite, "Ben").role is Role.LEAD
    again = await send(olga, "/desk/agents", name="Ben", email="b@example.org", role="agent")
    assert again.status_code == 422
    assert "never given twice" in again.text
    assert 'value="b@example.org"' in again.text


async def test_an_admin_changes_an_agent(olga: httpx.AsyncClient, anna: httpx.AsyncClient, sqlite: Database) -> None:
    """Teams, skills, languages and capacity at once; another role ends the agent's sessions; the trail says which."""
    number = agent(sqlite, "Anna").id
    form = {"role": "agent", "capacity": "3", "teams": "Risk\0, VIP，Risk,, ", "skills": "", "languages": "zh, en"}
    assert (await send(olga, f"/desk/agents/{number}", **form)).status_code == 303
    changed = agent(sqlite, "Anna")
    assert (changed.teams, changed.skills, changed.languages, changed.capacity) == (
        ["Risk", "VIP"],
        [],
        ["zh", "en"],
        3,
    )
    assert (await anna.get("/desk")).status_code == 200
    await send(olga, f"/desk/agents/{number}", **form | {"role": "lead"})
    assert (await anna.get("/desk")).status_code == 303
    last = rows(sqlite, AuditLine)[-1]
    assert (last.actor, last.action, last.subject, last.detail) == ("Olga", "agent changed", "Anna", {"role": "lead"})
    for wrong in ({"role": "king"}, {"capacity": "-1"}, {"capacity": "1e9"}):
        assert (await send(olga, f"/desk/agents/{number}", **form | wrong)).status_code == 422


async def test_an_admin_removes_but_not_the_last_admin(
    olga: httpx.AsyncClient, anna: httpx.AsyncClient, sqlite: Database
) -> None:
    """Sessions and tokens end at once; the last admin is neither removed nor made less."""
    token = sqlite.transact(tokens.create, "Anna", NOW)
    number, own = agent(sqlite, "Anna").id, agent(sqlite, "Olga").id
    assert (await send(olga, f"/desk/agents/{number}/remove")).status_code == 303
    assert (await anna.get("/desk")).status_code == 303
    assert sqlite.transact(tokens.key_of, token) is None
    assert "last admin" in (await send(olga, f"/desk/agents/{own}/remove")).text
    assert "last admin" in (await send(olga, f"/desk/agents/{own}", role="agent", capacity="8")).text
    for path in (f"/desk/agents/{number}", "/desk/agents/999", "/desk/agents/0", f"/desk/agents/{'9' * 30}"):
        assert (await olga.get(path)).status_code in {404, 422}


async def test_a_reset_ends_sessions_and_gives_a_link(
    olga: httpx.AsyncClient, anna: httpx.AsyncClient, stranger: httpx.AsyncClient, sqlite: Database
) -> None:
    """Until it is used nobody gets in, with the old password neither."""
    page = await send(olga, f"/desk/agents/{agent(sqlite, 'Anna').id}/reset")
    (link,) = re.findall(r"http://desk(/desk/invite/[\w-]+)", page.text)
    assert (await anna.get("/desk")).status_code == 303
    assert (await log_in(stranger)).status_code == 401
    assert (await stranger.post(link, data={"password": NEW})).status_code == 303
    assert (await log_in(stranger, password=NEW)).status_code == 303


async def test_the_trail_is_shown_filtered_and_page_by_page(olga: httpx.AsyncClient, sqlite: Database) -> None:
    """Text is shown as text, a hundred lines a page, and the filter stays in every link."""

    def write(session: Session) -> None:
        for _ in range(150):
            audit.note(session, "Anna", "ticket viewed", "FD-1001", NOW, over="<script>alert(1)</script>")

    sqlite.transact(write)
    page = (await olga.get("/desk/audit", params={"actor": "Anna", "since": "2026-03-02", "until": "2026-03-02"})).text
    assert page.count("FD-1001") == 100
    assert "<script>alert" not in page
    (older,) = re.findall(r'href="(\?[^"]*before=\d+)"', page)
    assert (await olga.get("/desk/audit" + older.replace("&amp;", "&"))).text.count("FD-1001") == 50
    assert "FD-1001" not in (await olga.get("/desk/audit", params={"since": "2026-03-03"})).text
    assert "FD-1001" in (await olga.get("/desk/audit", params={"actor": "An\0na"})).text
    assert (await olga.get("/desk/audit", params={"since": "yesterday", "actor": "x" * 201})).status_code == 422


async def test_the_trail_is_exported_and_the_export_is_in_it(olga: httpx.AsyncClient, sqlite: Database) -> None:
    """All lines that match; no cell is a formula; a link from elsewhere exports nothing."""
    for _ in range(3):
        sqlite.transact(audit.note, "Anna", "export", "=HYPERLINK(1)", NOW)
    file = await olga.get("/desk/audit.csv", params={"actor": "Anna"})
    assert file.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    lines = list(csv.reader(StringIO(file.text.removeprefix("\ufeff"))))
    assert [line[2:5] for line in lines[1:]] == [["Anna", "export", "'=HYPERLINK(1)"]] * 3
    last = rows(sqlite, AuditLine)[-1]
    assert (last.actor, last.action, last.subject, last.detail) == (
        "Olga",
        "export",
        "audit trail",
        {"filter": {"actor": "Anna"}},
    )
    assert (await olga.get("/desk/audit.csv", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403


async def test_no_page_has_a_script_or_a_style_in_it(olga: httpx.AsyncClient) -> None:
    """Each bears the policy: nothing inline, and no name of a text left unfilled."""
    for path in ("/desk/profile", "/desk/profile/factor", "/desk/agents", "/desk/agents/1", "/desk/audit"):
        page = (await olga.get(path)).text
        assert not re.search(r"<script(?! type=\"module\" src)|<style|\sstyle=|\son\w+=|javascript:", page), path
        assert "access." not in re.sub(r"access\.css", "", page), path
