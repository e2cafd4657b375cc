"""The desk over HTTP, and browsers that use it as a person does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from bot.access.guard import Lead, SignedIn
from bot.access.passwords import Passwords
from bot.api import install as install_api
from bot.attachments import Attachments
from bot.conversation import Content, now
from bot.desk import house
from bot.desk.live import LiveDesk
from bot.desk.parts import Parts
from bot.desk.showing import shown
from bot.errors import Refused
from bot.files import Files
from bot.settings import Settings
from bot.store import agents, invites
from bot.store.agent_tables import Agent, Role
from bot.store.database import Database
from bot.store.invites import Filled
from bot.tickets import Tickets

PASSWORD = "correct horse battery"
#: A test that is not about how hard it is need not wait for Argon2.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HASH = QUICK.hash(PASSWORD)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HOME = "http://desk"

#: Stands for what other parts put under /desk.
others = APIRouter(prefix="/desk")


@others.post("/refused")
async def refuse(agent: SignedIn) -> None:
    raise Refused(f"FD-1001 is with somebody else than {agent.name} <b>")


@others.get("")
async def first_page(request: Request, agent: SignedIn) -> Response:
    return shown(request, agent, "access/refused.html", what=f"hello {agent.name}", why="")


@others.post("/thing")
async def do_something(agent: SignedIn) -> dict[str, str]:
    return {"by": agent.name}


@others.post("/led")
async def do_as_lead(agent: Lead) -> dict[str, str]:
    return {"by": agent.name}


@others.post("/upload")
async def take_file(request: Request, agent: SignedIn) -> dict[str, object]:
    async with request.form() as form:
        return {"by": agent.name, "fields": len(form)}


def app_of(database: Database, content: Content, settings: Settings) -> FastAPI:
    """API and desk, as the application puts them together."""
    app = FastAPI()
    install_api(app, Tickets(database, content.answers, 5), database, Files(Path("nowhere")))
    house.install(app, database, settings, others)
    app.state.gate.passwords = Passwords(QUICK)
    return app


def parts_of(database: Database, content: Content, settings: Settings) -> Parts:
    """What pages of the desk are made of, where no channel is."""
    files = Files(settings.folders.var / "files")
    tickets = Tickets(database, content.answers, 5)
    return Parts(settings, content, database, files, tickets, Attachments(database, files, {}), LiveDesk(database))


def browser_of(app: FastAPI, agent: str = FIREFOX, address: str = "192.0.2.7", home: str = HOME) -> httpx.AsyncClient:
    """A browser on a page of the desk."""
    headers = {"User-Agent": agent, "Origin": home, "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    transport = httpx.ASGITransport(app, client=(address, 1234))
    return httpx.AsyncClient(transport=transport, base_url=home, headers=headers)


def hire(database: Database, name: str = "Anna", role: Role = Role.AGENT, **values: Any) -> Agent:
    """An agent with `PASSWORD`."""
    email = f"{name.lower()}@example.org"
    token = database.transact(invites.invite, name, email, role, "command line", now())
    agent = database.transact(invites.use, token, Filled(name, email, HASH, "en"), now())
    if values:
        database.transact(agents.change, name, values, "command line", now())
    return agent


async def log_in(
    browser: httpx.AsyncClient, name: str = "Anna", password: str = PASSWORD, **more: str
) -> httpx.Response:
    """The form, filled in and sent."""
    form = {"email": f"{name.lower()}@example.org", "password": password, **more}
    return await browser.post("/desk/login", data=form)


async def csrf(browser: httpx.AsyncClient, path: str = "/desk") -> str:
    """What the page at `path` tells forms and scripts to send."""
    found = re.search(r'name="csrf" (?:content|value)="(\w+)"', (await browser.get(path)).text)
    assert found
    return found[1]
