"""The pages for leads: the wall, the reports, and their tables as files."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.responses import Response

from bot.access.guard import Lead, check_asked_here
from bot.conversation import now
from bot.desk.parts import Parts
from bot.desk.quantities import day
from bot.desk.rendering import HEADERS, fragment
from bot.desk.report_words import Reporter
from bot.desk.reporting import Asked, Reports
from bot.desk.showing import shown
from bot.desk.texts import Words
from bot.desk.ticket import nearness
from bot.errors import NotFound, Refused
from bot.reports.period import CHOICES
from bot.states import STALE
from bot.store import audit, desk
from bot.store import wall as store_wall
from bot.store.agent_tables import Agent
from bot.store.states import silent
from bot.store.ticketing import RANK

Short = Annotated[str, Query(max_length=80)]


def asked(
    days: Short = "",
    first: Annotated[str, Query(alias="from", max_length=80)] = "",
    last: Annotated[str, Query(alias="to", max_length=80)] = "",
    channel: Short = "",
    language: Short = "",
    category: Short = "",
    team: Short = "",
) -> Asked:
    """What an address of the reports asks for."""
    return Asked(days, first, last, channel, language, category, team)


AskedFor = Annotated[Asked, Depends(asked)]


def routes(parts: Parts) -> APIRouter:
    """What leads see beyond what agents do."""
    leads = APIRouter(prefix="/desk", include_in_schema=False)
    reports = Reports(parts)
    _wall(leads, parts, reports)
    _reports(leads, parts, reports)
    return leads


def _wall(leads: APIRouter, parts: Parts, reports: Reports) -> None:
    @leads.get("/wall")
    async def show_wall(request: Request, agent: Lead) -> Response:
        # Before anything is read: what changes while it is, the stream tells.
        event = await parts.database.run(desk.last_event)
        return shown(request, agent, "leads/wall.html", event=event, **await _on_the_wall(parts, reports, now()))

    @leads.get("/parts/wall")
    async def part_wall(agent: Lead) -> HTMLResponse:
        values = await _on_the_wall(parts, reports, now())
        return HTMLResponse(fragment("leads/wall_now.html", Words(agent.language), **values), headers=HEADERS)


async def _on_the_wall(parts: Parts, reports: Reports, at: datetime) -> dict[str, Any]:
    found, today = await asyncio.gather(parts.database.read(store_wall.wall, at), reports.today(at))
    waiting = {(each.priority, each.team): each for each in found.waiting}
    by_priority = [(rank, sum(each.count for each in found.waiting if each.priority == rank)) for rank in RANK[::-1]]
    return {
        "wall": found,
        "total": sum(each.count for each in found.waiting),
        "free": sum(each.free for each in found.waiting),
        "by_priority": by_priority,
        "teams": sorted({each.team for each in found.waiting}),
        "waiting": waiting,
        "today": [(str(row[0]), row[1]) for row in today.rows],
        "channels": [(each, _hearing(each, at)) for each in found.channels],
        "next": [(each, nearness(each.at, at)) for each in found.next],
        "longest": [(each, "") for each in found.longest],
        "at": at,
    }


def _hearing(state: Any, at: datetime) -> str:
    return "silent" if silent(state, at, STALE) else str(state.hearing.value)


def _reports(leads: APIRouter, parts: Parts, reports: Reports) -> None:
    @leads.get("/reports")
    async def show_reports(request: Request, agent: Lead, asked: AskedFor) -> Response:
        words, trouble, status = Words(agent.language), "", 200
        try:
            report = await reports.report(asked, now())
        except Refused:
            trouble, status = words("leads.bad_period"), 422
            report = await reports.report(Asked(), now())
        reporter = _reporter(parts, agent)
        return shown(
            request,
            agent,
            "leads/reports.html",
            status,
            report=report,
            begins=day(report.begins, agent.language) if report.begins else "",
            sheets=await asyncio.to_thread(lambda: [reporter.sheet(table) for table in report.tables]),
            choices=await _choices(reports, reporter, report.asked),
            presets=CHOICES,
            zone=reports.zone.key,
            trouble=trouble,
        )

    @leads.get("/reports/{name}.csv")
    async def export(request: Request, agent: Lead, name: str, asked: AskedFor) -> Response:
        check_asked_here(request)
        report = await reports.report(asked, now())
        table = next((table for table in report.tables if table.name == name), None)
        if table is None:
            raise NotFound(f"there is no table {name!a}")
        first, last = report.period.first.isoformat(), report.period.last.isoformat()
        about = {"first": first, "last": last, "where": asked.where}
        await parts.database.run(
            lambda session: audit.note(session, agent.name, "report exported", name, now(), **about)
        )
        saved = {"Content-Disposition": f'attachment; filename="frontdesk-{name}-{first}-{last}.csv"'}
        lines = _reporter(parts, agent).csv(table)
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers={**HEADERS, **saved})


def _reporter(parts: Parts, agent: Agent) -> Reporter:
    return Reporter(Words(agent.language), parts.content.answers, parts.content.policy)


async def _choices(reports: Reports, reporter: Reporter, asked: Asked) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What each filter is set to, and its choices with their names."""
    there = await reports.choices()
    found = []
    for kind in ("channel", "language", "category", "team"):
        chosen: str = getattr(asked, kind)
        values = dict.fromkeys([*getattr(there, kind), *([chosen] if chosen else [])])
        found.append((kind, chosen, [(value, reporter.name(kind, value)) for value in values]))
    return found
