"""What the desk shows: the whole page, and its parts for when something changed."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from bot.access.guard import SignedIn, csrf_of
from bot.access.roles import may
from bot.conversation import now
from bot.desk import listing
from bot.desk.listing import Asked
from bot.desk.parts import Parts
from bot.desk.rendering import HEADERS, fragment
from bot.desk.sheets import Sheets
from bot.desk.showing import shown
from bot.desk.texts import Words
from bot.store import desk
from bot.store.agent_tables import Agent, Role
from bot.store.desk import Before

#: Keys and what they do, in the order of the list on "?"; what they are called stands under `key_` in the texts.
KEYS = (
    ("?", "keys"),
    ("/", "search"),
    ("j", "down"),
    ("k", "up"),
    ("Enter", "open"),
    ("o", "oldest"),
    ("r", "reply"),
    ("n", "note"),
    ("Ctrl Enter", "send"),
    ("Ctrl Shift Enter", "send_solve"),
    ("t", "take"),
    ("s", "solve"),
    ("b", "release"),
    ("a", "assign"),
    ("h", "hold"),
    ("x", "reopen"),
    ("m", "merge"),
    ("p", "split"),
    ("i", "link"),
    ("e", "change"),
    ("c", "canned"),
    ("f", "answers"),
    ("l", "translate"),
    (".", "suggestion"),
    ("u", "undo"),
    ("Esc", "leave"),
)

#: Other pages of the desk, and who may open them.
PLACES = (
    ("calls", "/desk/calls", Role.AGENT),
    ("phrases", "/desk/phrases", Role.AGENT),
    ("wall", "/desk/wall", Role.LEAD),
    ("reports", "/desk/reports", Role.LEAD),
    ("agents", "/desk/agents", Role.ADMIN),
    ("tokens", "/desk/tokens", Role.ADMIN),
    ("audit", "/desk/audit", Role.ADMIN),
)


def asked(
    view: Annotated[str, Query(max_length=20)] = "",
    q: Annotated[str, Query(max_length=300)] = "",
    after: Annotated[str, Query(max_length=300)] = "",
) -> Asked:
    """What an address of the desk asks for."""
    return Asked(view, q.strip(), after)


NEWEST = Before()

AskedFor = Annotated[Asked, Depends(asked)]
Number = Annotated[str, Query(max_length=40)]
Id = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


def earlier(before: Id = None, events_before: Id = None) -> Before:
    """Below which messages and lines of a timeline an address asks."""
    return Before(before, events_before)


Earlier = Annotated[Before, Depends(earlier)]


def routes(parts: Parts) -> APIRouter:
    """The pages of the queue and its tickets."""
    pages = APIRouter(prefix="/desk", include_in_schema=False)
    house = _House(parts)

    @pages.get("")
    async def show_queue(request: Request, agent: SignedIn, asked: AskedFor) -> Response:
        return await house.page(request, agent, asked, "")

    @pages.get("/oldest")
    async def open_oldest(agent: SignedIn) -> Response:
        number = await parts.database.run(desk.oldest, agent.name)
        return RedirectResponse(f"/desk/tickets/{number}" if number else "/desk", 303)

    @pages.get("/tickets/{number}")
    async def show_ticket(request: Request, agent: SignedIn, number: str, asked: AskedFor, before: Earlier) -> Response:
        return await house.page(request, agent, asked, number, before)

    @pages.get("/parts/nav")
    async def part_nav(request: Request, agent: SignedIn, asked: AskedFor) -> Response:
        return _part("tickets/nav.html", agent, await house.nav(request, agent, asked))

    @pages.get("/parts/list")
    async def part_list(request: Request, agent: SignedIn, asked: AskedFor, open: Number = "") -> Response:  # noqa: A002 - as addresses say
        return _part("tickets/list.html", agent, {**await house.list(request, agent, asked), "opened": open})

    @pages.get("/parts/tickets/{number}")
    async def part_ticket(agent: SignedIn, number: str, asked: AskedFor, before: Earlier) -> Response:
        view = await house.sheets.sheet(number, agent, before)
        return _part(
            "tickets/live.html", agent, {"view": view, "where": asked.where, "tiers": parts.tiers(agent.language)}
        )

    return pages


class _House:
    """What the templates of the desk need, for one agent at a time."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.sheets = Sheets(parts)

    async def page(
        self, request: Request, agent: Agent, asked: Asked, number: str, before: Before = NEWEST
    ) -> HTMLResponse:
        """The whole page, with the ticket where one is named. Raises `NotFound` for one that there is not."""
        # Before anything is read: what changes while it is, the stream tells.
        event = await self._parts.database.run(desk.last_event)
        view = await self.sheets.sheet(number, agent, before) if number else None
        values = {
            **await self.nav(request, agent, asked),
            **await self.list(request, agent, asked),
            **(await self.sheets.choices(agent.language) if view else {}),
            "view": view,
            "opened": view.number if view else "",
            "event": event,
            "asked": asked.q,
            "keys": KEYS,
            "script_words": json.dumps(Words(agent.language).group("desk.js_"), ensure_ascii=False),
        }
        del values["csrf"]
        return shown(request, agent, "desk.html", **values)

    async def nav(self, request: Request, agent: Agent, asked: Asked) -> dict[str, Any]:
        """The views and the other pages."""
        words = Words(agent.language)
        views = await self._parts.database.run(listing.all_views, words, agent.name, now())
        places = [(url, words(f"desk.place_{name}")) for name, url, role in PLACES if may(agent.role, role)]
        chosen = "" if asked.q else asked.view or listing.FIRST
        brand = self._parts.settings.brand.name
        return {
            "views": views,
            "chosen": chosen,
            "places": places,
            "me": agent,
            "brand": brand,
            "csrf": csrf_of(request),
        }

    async def list(self, request: Request, agent: Agent, asked: Asked) -> dict[str, Any]:
        """The tickets that are asked for."""
        found = await self._parts.database.run(listing.listed, asked, agent.name, now())
        removable = asked.view.removeprefix(listing.SAVED) if asked.view.startswith(listing.SAVED) else ""
        return {
            "listed": found,
            "where": asked.where,
            "q": asked.q,
            "removable": "" if asked.q else removable,
            "csrf": csrf_of(request),
            "tiers": self._parts.tiers(agent.language),
        }


def _part(template: str, agent: Agent, values: dict[str, Any]) -> HTMLResponse:
    return HTMLResponse(fragment(template, Words(agent.language), **values), headers=HEADERS)
