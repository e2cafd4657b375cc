"""The audit trail: for admins, filtered, and as CSV."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator
from starlette.responses import Response

from bot.access.gate import gate_of
from bot.access.guard import Admin, check_asked_here
from bot.access.origin import HOME
from bot.conversation import now
from bot.desk.showing import shown
from bot.desk.spreadsheet import MARK, table
from bot.desk.texts import Words
from bot.store import audit
from bot.store.access_tables import AuditLine
from bot.store.audit import Filter
from bot.store.database import Database

#: Lines on a page, and at a time in a file.
PAGE = 100
AT_ONCE = 1000

COLUMNS = ("id", "at", "actor", "action", "subject", "detail", "digest")

pages = APIRouter(prefix=HOME, include_in_schema=False)


def printable(typed: str) -> str:
    """What was typed, without the signs that a database may refuse."""
    return "".join(character for character in typed if character.isprintable())


Asked = Annotated[str, Query(max_length=200), AfterValidator(printable)]


def filter_of(
    actor: Asked = "", action: Asked = "", subject: Asked = "", since: Asked = "", until: Asked = ""
) -> Filter:
    """What the form above the list asks for; days are UTC, and `until` is the last of them."""
    first, last = _day(since), _day(until)
    return Filter(actor.strip(), action, subject.strip(), first, last + timedelta(days=1) if last else None)


Wanted = Annotated[Filter, Depends(filter_of)]


@pages.get("/audit")
async def show_trail(
    request: Request, admin: Admin, wanted: Wanted, before: Annotated[int | None, Query(ge=1, lt=2**31)] = None
) -> Response:
    database = gate_of(request).database
    lines = await database.run(audit.lines, wanted, PAGE, before)
    words = Words(admin.language)
    older = request.url.include_query_params(before=lines[-1].id) if len(lines) == PAGE else None
    return shown(
        request,
        admin,
        "access/audit.html",
        lines=[(line, action_in(words, line.action), _text(line)) for line in lines],
        actions=[(action, action_in(words, action)) for action in await database.run(audit.actions)],
        asked={name: request.query_params.get(name, "") for name in ("actor", "action", "subject", "since", "until")},
        older=f"?{older.query}" if older else "",
        file=f"{HOME}/audit.csv?{request.url.remove_query_params('before').query}",
    )


@pages.get("/audit.csv")
async def download(request: Request, admin: Admin, wanted: Wanted) -> Response:
    """Every line that matches, newest first. That it was taken out is a line itself."""
    check_asked_here(request)
    database = gate_of(request).database
    asked = {name: value for name, value in request.query_params.items() if name in {"actor", "action", "subject"}}
    await database.run(audit.note, admin.name, "export", "audit trail", now(), filter=asked)
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(_csv(database, wanted), media_type="text/csv; charset=utf-8", headers=headers)


def action_in(words: Words, action: str) -> str:
    """What was done, in the reader's language where it has a word for it."""
    try:
        return words(f"access.do_{action.replace(' ', '_').replace('-', '_')}")
    except KeyError:
        return action


async def _csv(database: Database, wanted: Filter) -> AsyncIterator[str]:
    yield MARK + table([COLUMNS])
    before: int | None = None
    while lines := await database.run(audit.lines, wanted, AT_ONCE, before):
        yield table([(line.id, line.at.isoformat(), *_words(line), line.digest) for line in lines])
        before = lines[-1].id


def _words(line: AuditLine) -> tuple[str, str, str, str]:
    return line.actor, line.action, line.subject, _text(line)


def _text(line: AuditLine) -> str:
    return json.dumps(line.detail, ensure_ascii=False) if line.detail else ""


def _day(typed: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(typed), time(), UTC)
    except ValueError:
        return None
