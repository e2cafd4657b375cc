"""All of Frontdesk over HTTP, without its loops: two people with tickets, five who work there, and everybody's keys."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from bot.access.passwords import Passwords
from bot.app import App
from bot.conversation import Content, now
from bot.settings import Settings
from bot.store import pages, tokens
from bot.store.agent_tables import Role
from bot.store.call_tables import CallBack
from bot.store.database import Database, Session
from bot.store.tables import File, Message, Ticket
from bot.ticket_page.giving import Giving
from channels.memory import Memory
from channels.webchat import WebChat
from channels.webchat.settings import WebChatSettings
from channels.words import Attachment, Place
from tests.desk.house import QUICK, browser_of, csrf, hire, log_in
from tests.samples import arrive, escalated, inbound, rows

ROOT = Path(__file__).parents[2]
HOME = "https://help.example.org"

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6300010000000500010d0a2db4"
    "0000000049454e44ae426082"
)

STAFF = {
    "Anna": Role.AGENT,
    "Bo": Role.AGENT,
    "Lea": Role.LEAD,
    "Mia": Role.MAINTAINER,
    "Ada": Role.ADMIN,
}


@dataclass(frozen=True, slots=True)
class Case:
    """A person's ticket, and what hangs on it."""

    number: str
    message: int
    file: int
    picture: int
    call: int
    page: str


@dataclass
class House:
    """What stands in it; `browsers` are of those who work there, signed in, by name, with their form tokens."""

    app: App
    site: FastAPI
    browsers: Mapping[str, httpx.AsyncClient]
    ann: Case
    eve: Case

    @property
    def database(self) -> Database:
        return self.app.database

    def token(self, name: str, *scopes: str) -> dict[str, str]:
        """Headers with a token of `name`, for everything or for `scopes`."""
        made = self.database.transact(tokens.create, name, now(), scopes)
        return {"Authorization": f"Bearer {made}"}

    def stranger(self, **headers: str) -> httpx.AsyncClient:
        """Somebody outside, whose client says nothing of itself; what breaks the server is raised."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.site), base_url=HOME, headers=headers)

    def rows(self) -> dict[str, int]:
        """How much there is of what an attack would change."""
        return {table.__name__: len(rows(self.database, table)) for table in (Message, Ticket, File, CallBack)}


def routes(site: FastAPI) -> Iterator[tuple[str, str, Any]]:
    """(method, path, route) of everything that answers; what is mounted stands for itself."""
    for context in iter_route_contexts(site.routes):
        route = context.original_route
        yield from _of(route, "")


def _of(route: Any, before: str) -> Iterator[tuple[str, str, Any]]:
    if isinstance(route, Mount) and route.routes:
        for inner in route.routes:
            yield from _of(inner, before + route.path)
        return
    for method in sorted(getattr(route, "methods", None) or {"GET"}):
        if method != "HEAD":
            yield method, before + route.path, route


def filled(house: House, path: str) -> str:
    """The path for Ann's ticket, with everything it names there."""
    values = {
        "number": house.ann.number,
        "message_id": house.ann.message,
        "file_id": house.ann.file,
        "call_id": house.ann.call,
        "agent_id": 1,
        "channel": "memory",
        "handle": "ann",
        "kind": "related",
        "other": house.eve.number,
        "name": "outcomes",
    }
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda match: str(values.get(match[1], 1)), path)


@asynccontextmanager
async def house(content: Content, folder: Path, url: str) -> AsyncIterator[House]:
    """Open until it is left; `url` is a migrated, empty database."""
    settings = Settings.model_validate(
        {
            "database": {"url": url},
            "folders": {"responses": ROOT / "responses", "intents": ROOT / "intents", "var": folder},
            "understanding": {"url": "http://127.0.0.1:9"},
            "web": {"public_url": HOME},
            # Nobody answers there: what its pages do then is tried as well.
            "desk": {"oidc": {"issuer": "http://127.0.0.1:9/", "client_id": "desk"}},
        }
    )
    chat = WebChat("webchat", WebChatSettings(type="webchat"))
    app = App(settings, content, {"memory": Memory(), "webchat": chat}, None)
    site = app.site()
    site.state.gate.passwords = Passwords(QUICK)
    async with AsyncExitStack() as stack:
        stack.callback(app.database.close)
        browsers = {}
        for name, role in STAFF.items():
            hire(app.database, name, role)
            browser = await stack.enter_async_context(browser_of(site, home=HOME))
            await log_in(browser, name)
            browser.headers["X-CSRF-Token"] = await csrf(browser, "/desk/profile")
            browsers[name] = browser
        yield House(app, site, browsers, await _case(app, "ann"), await _case(app, "eve"))


def migrated(source: Path, folder: Path) -> str:
    """The address of a copy of an empty SQLite database."""
    shutil.copy(source, folder / "frontdesk.db")
    return f"sqlite:///{folder}/frontdesk.db"


async def _case(app: App, person: str) -> Case:
    place = Place(account="desk", handle=person)
    ticket = escalated(app.database, inbound(f"a human for {person}", f"first-{person}", place))
    sent = [
        Attachment(name="..\\..\\x.exe", media_type="image/png", data=b"<script>1</script>" + person.encode()),
        Attachment(name='a"\r\nSet-Cookie: x=1\r\n\r\n<b>.png', media_type="text/html", data=PNG + person.encode()),
    ]
    secret = inbound(f"the secret of {person}", f"second-{person}", place)
    message = arrive(app.database, secret, now(), files=await app.files.keep(sent)).message_id
    file, picture = (row.id for row in rows(app.database, File) if row.message_id == message)
    call = app.database.transact(_call, ticket.number)
    half = await Giving(app.database, app.pages, {"memory": "memory"}).link(ticket.number)
    return Case(ticket.number, message, file, picture, call, app.pages.whole(half).removeprefix(HOME))


def _call(session: Session, number: str) -> int:
    ticket_id, conversation, _ = pages.newest_place(session, number)
    slot = now() + timedelta(hours=ticket_id)
    call = CallBack(
        ticket_id=ticket_id,
        conversation_id=conversation.id,
        number="+14155552671",
        slot_at=slot,
        due_at=slot,
        created_at=now(),
    )
    session.add(call)
    session.flush()
    return call.id
