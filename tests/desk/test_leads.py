"""The wall and the reports: for leads alone, in their language, and nothing of a stranger's runs in them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import select

from bot.access.passwords import Passwords
from bot.api import install as install_api
from bot.conversation import Content, now
from bot.desk import house, leads
from bot.desk.rendering import POLICY
from bot.settings import Settings
from bot.store.access_tables import AuditLine
from bot.store.agent_tables import Agent, Presence, Role
from bot.store.channel_tables import ChannelState, Hearing
from bot.store.database import Database, Session
from bot.store.rating_tables import Rating
from bot.store.tables import Contact, Message, MessageState, Ticket
from channels.words import Author
from tests.desk.house import QUICK, browser_of, hire, log_in, parts_of
from tests.samples import ANN, answer, escalated, inbound, rows

EVIL = '<img src=x onerror="alert(1)">'
FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def site(sqlite: Database, content: Content, settings: Settings) -> FastAPI:
    """The pages for leads."""
    parts = parts_of(sqlite, content, settings)
    app = FastAPI()
    install_api(app, parts.tickets, sqlite, parts.files)
    house.install(app, sqlite, settings, leads.routes(parts))
    app.state.gate.passwords = Passwords(QUICK)
    return app


@pytest.fixture
async def lea(site: FastAPI, sqlite: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A lead who is signed in."""
    hire(sqlite, "Lea", Role.LEAD)
    async with browser_of(site) as browser:
        assert (await log_in(browser, "Lea")).status_code == 303
        yield browser


def happen(database: Database) -> Ticket:
    """A talk the bot ended, one with a ticket full of hostile words, agents, and channels well and ill; the ticket."""
    at = now()
    answer(database, inbound("fees?", "a1"), "These.", now=at, intent="withdrawal_pending")
    evil = inbound(EVIL, "a2", ANN, name=EVIL)
    ticket = escalated(database, evil, title=EVIL, category=EVIL, reason="unsure")
    hire(database, "Bo", teams=[EVIL])
    database.transact(_spoil, ticket.id)
    return ticket


def _spoil(session: Session, ticket_id: int) -> None:
    at = now()
    ticket = session.get_one(Ticket, ticket_id)
    ticket.created_at = ticket.updated_at = at
    ticket.team, ticket.tags, ticket.due_at, ticket.assignee = EVIL, [EVIL], at - timedelta(minutes=3), FORMULA
    session.get_one(Contact, 1).name = EVIL
    for message in session.exec(select(Message)):
        message.created_at = at
        message.intent = EVIL if message.author is Author.USER else message.intent
        message.state = MessageState.SENT if message.author is Author.BOT else MessageState.HANDLED
        message.finished_at = at
    for agent in session.exec(select(Agent)):
        agent.presence = Presence.ONLINE
    rating = Rating(ticket_id=ticket_id, conversation_id=1, channel="memory", agent="Bo", asked_at=at, score=4, at=at)
    session.add(rating)
    for account, hearing in (("well", Hearing.LISTENING), (EVIL, Hearing.TROUBLE)):
        state = ChannelState(channel="memory", account=account, hearing=hearing, since=at, written_at=at)
        session.add(state)


def speak(database: Database, language: str) -> None:
    """Every agent's pages are in `language` from here on."""

    def change(session: Session) -> None:
        for agent in session.exec(select(Agent)):
            agent.language = language

    database.transact(change)


PAGES = ("/desk/wall", "/desk/parts/wall", "/desk/reports", "/desk/reports?days=90&channel=memory")


@pytest.mark.parametrize("path", [*PAGES, "/desk/reports/days.csv"])
async def test_only_leads_see_them(site: FastAPI, sqlite: Database, path: str) -> None:
    """An agent and a maintainer are refused, and the trail has no export."""
    for name, role in (("Anna", Role.AGENT), ("Mia", Role.MAINTAINER)):
        hire(sqlite, name, role)
        async with browser_of(site) as browser:
            await log_in(browser, name)
            assert (await browser.get(path)).status_code == 403
    assert "report exported" not in {line.action for line in rows(sqlite, AuditLine)}


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_hostile_words_are_text_on_every_page(lea: httpx.AsyncClient, sqlite: Database, language: str) -> None:
    """Titles, categories, teams, intents and messages are shown as they were written, and nothing is inline."""
    happen(sqlite)
    speak(sqlite, language)
    for path in PAGES:
        page = await lea.get(path)
        assert page.status_code == 200
        assert page.headers["content-security-policy"] == POLICY
        assert "<img" not in page.text
        assert "&lt;img src=x" in page.text
        assert not re.search(r"""\sstyle=|\son\w+=["']|<script(?! type="module" src=)""", page.text)


async def test_the_wall_shows_what_is_now(lea: httpx.AsyncClient, sqlite: Database) -> None:
    """Who waits, what is late, what came of today's talks, who is on, and which channel is ill."""
    ticket = happen(sqlite)
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", (await lea.get("/desk/wall")).text))
    assert "Waiting now 1 0 of them with nobody yet" in page
    assert "Late 1 In 15 min 0 In 60 min 0" in page
    assert page.count(ticket.number) == 2
    assert "Bot alone 0 Human 0 Waiting 1 Given up 0" in page
    assert "Bo Online 0 / 8" in page
    assert "well Listening since" in page
    assert "Trouble since" in page
    speak(sqlite, "zh")
    assert "正在等待" in (await lea.get("/desk/parts/wall")).text


async def test_a_report_says_the_same_in_chart_and_table(lea: httpx.AsyncClient, sqlite: Database) -> None:
    """Each bar carries its name and number, and the table under it has the row."""
    happen(sqlite)
    page = (await lea.get("/desk/reports")).text
    assert "<title>memory · Waiting: 1</title>" in page
    assert "Nothing is known from before" in page
    assert "may still change" in page
    assert ">4</bdi>" in page.partition('id="ratings"')[2]
    assert "to the user" in page
    speak(sqlite, "zh")
    page = (await lea.get("/desk/reports")).text
    assert "<title>memory · 等待中: 1</title>" in page
    assert '<html lang="zh">' in page


async def test_a_report_of_nothing_says_so(lea: httpx.AsyncClient) -> None:
    """On an empty database every table is there, and no share is made up."""
    page = await lea.get("/desk/reports?days=30")
    assert page.status_code == 200
    assert "–" in page.text
    assert "Nothing in this period" in page.text


async def test_what_a_team_does_not_narrow_is_said(lea: httpx.AsyncClient) -> None:
    """Conversations have no team; a filter that nobody has is shown as it was asked for."""
    page = (await lea.get("/desk/reports", params={"team": EVIL, "category": "security"})).text
    assert "Only tickets have a team" in page
    assert '<option value="&lt;img' in page


@pytest.mark.parametrize("where", ["days=x", "days=0", "from=2026-03-02&to=2026-03-01", "from=%3Cscript%3E"])
async def test_a_bad_period_is_explained(lea: httpx.AsyncClient, where: str) -> None:
    """With the last seven days beneath; as a file it is refused."""
    page = await lea.get(f"/desk/reports?{where}")
    assert page.status_code == 422
    assert "This is no period" in page.text
    assert (await lea.get(f"/desk/reports/days.csv?{where}")).status_code == 409


async def test_every_table_is_a_file_and_every_export_in_the_trail(lea: httpx.AsyncClient, sqlite: Database) -> None:
    """In the lead's language, with the mark that spreadsheets need, and with nothing in it that they would run."""
    happen(sqlite)
    names = re.findall(r'href="/desk/reports/(\w+)\.csv\?days=30"', (await lea.get("/desk/reports?days=30")).text)
    assert len(set(names)) == 11
    for name in names:
        file = await lea.get(f"/desk/reports/{name}.csv?days=30")
        assert file.headers["content-type"] == "text/csv; charset=utf-8"
        assert f'filename="frontdesk-{name}-' in file.headers["content-disposition"]
        cells = [cell for row in csv.reader(io.StringIO(file.text.lstrip("\ufeff"))) for cell in row]
        assert file.content.startswith("\ufeff".encode())
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "-"))]
    exported = [line for line in rows(sqlite, AuditLine) if line.action == "report exported"]
    assert [(line.actor, line.subject) for line in exported] == [("Lea", name) for name in names]
    assert f"'{FORMULA}" in (await lea.get("/desk/reports/agents.csv?days=30")).text
    speak(sqlite, "zh")
    assert "首次回复（中位数）（分钟）" in (await lea.get("/desk/reports/agents.csv")).text


async def test_there_is_no_other_table(lea: httpx.AsyncClient, sqlite: Database) -> None:
    """Whatever name is asked for; nothing is written down then."""
    assert (await lea.get("/desk/reports/message.csv")).status_code == 404
    assert (await lea.get("/desk/reports/..%2f..%2fconfig.csv")).status_code == 404
    assert "report exported" not in {line.action for line in rows(sqlite, AuditLine)}
