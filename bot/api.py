"""Tickets over REST, for agents with a token. The words are those of the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, Field
from structlog import get_logger

from bot.access.scopes import Scope, needs_scope, opens_ticket
from bot.bound import Bounded
from bot.errors import NotAllowed, NotFound, Refused, StorageDown
from bot.files import Files
from bot.store import reading
from bot.store.database import Database
from bot.store.reading import Said, TicketView
from bot.store.tables import MessageState, Ticket, TicketState
from bot.store.ticketing_tables import LinkKind
from bot.tickets import LONGEST_TEXT, Tickets
from channels.words import Author, Owner

log = get_logger()

PREFIX = "/api"

#: What a stranger sent is saved, never shown: whatever it is, it runs nothing.
FILE_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
}


class TicketOut(BaseModel):
    """A ticket, as lists show it."""

    number: str
    title: str
    category: str
    priority: str
    state: TicketState
    assignee: str | None
    team: str
    tags: list[str]
    tier: str
    language: str
    reason: str
    facts: dict[str, str]
    tried: list[str]
    promised_at: datetime
    #: Since when the user waits for us; null where it is not our turn.
    waiting_since: datetime | None
    created_at: datetime
    updated_at: datetime
    first_response_at: datetime | None
    solved_at: datetime | None


class FileOut(BaseModel):
    """A file of a message; `size` in bytes."""

    id: int
    name: str
    media_type: str
    size: int


class MessageOut(BaseModel):
    """A message of the conversation; `state` says what became of it."""

    id: int
    author: Author
    author_name: str
    text: str
    language: str | None
    state: MessageState
    error: str | None
    intent: str | None
    confidence: float | None
    created_at: datetime
    #: How it came: subject, copies, who vouches for the sender.
    beside: dict[str, str]
    #: Quoted or signed text was left out of `text`; `original` has it.
    shortened: bool
    files: list[FileOut]


class OriginalOut(BaseModel):
    """A message as it came: all of its text, and the platform's own payload."""

    text: str
    raw: dict[str, Any]


class EventOut(BaseModel):
    """A line of the timeline."""

    at: datetime
    actor: str
    kind: str
    detail: dict[str, Any]


class AddressOut(BaseModel):
    """Where the user writes from."""

    channel: str
    handle: str
    name: str
    verified_by: str


class ContactOut(BaseModel):
    """Who the user is, as far as anybody vouches for it."""

    name: str
    tier: str
    attributes: dict[str, Any]


class LinkOut(BaseModel):
    """A ticket this one is linked with; `reverse` where it is that one which follows this, or causes it."""

    kind: LinkKind
    number: str
    title: str
    reverse: bool


class TicketDetail(TicketOut):
    """A ticket with everything an agent needs to answer it; `merged_into` names the one that goes on in its place."""

    merged_into: str | None
    links: list[LinkOut]

    owner: Owner
    contact: ContactOut
    addresses: list[AddressOut]
    messages: list[MessageOut]
    timeline: list[EventOut]


class TextIn(BaseModel):
    """What an agent writes where only agents see it."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


def detail(view: TicketView) -> TicketDetail:
    """The whole ticket in the API's words."""
    return TicketDetail(
        **_plain(view.ticket),
        merged_into=view.merged_into,
        links=[LinkOut.model_validate(link, from_attributes=True) for link in view.links],
        owner=view.owner,
        contact=ContactOut.model_validate(view.contact, from_attributes=True),
        addresses=[AddressOut.model_validate(address, from_attributes=True) for address in view.addresses],
        messages=[_message(said) for said in view.said],
        timeline=[EventOut.model_validate(event, from_attributes=True) for event in view.events],
    )


def brief(ticket: Ticket) -> TicketOut:
    """The ticket in the API's words."""
    return TicketOut(**_plain(ticket))


Reader = Annotated[str, Depends(opens_ticket(Scope.TICKETS_READ))]
Agent = Annotated[str, Depends(opens_ticket(Scope.TICKETS_WRITE))]


def install(app: FastAPI, tickets: Tickets, database: Database, files: Files) -> None:
    """Adds the routes under `/api` with their bound, and gives each error of ours its HTTP status."""
    app.state.database = database
    app.add_middleware(Bounded, prefix=f"{PREFIX}/")
    app.include_router(_router(tickets))
    app.include_router(_message_router(tickets, database, files))
    _answer_errors(app)


def _router(tickets: Tickets) -> APIRouter:
    api = APIRouter(prefix=PREFIX, tags=["tickets"])

    @api.get("/tickets")
    async def list_tickets(
        _: Annotated[str, Depends(needs_scope(Scope.TICKETS_READ))],
        state: Annotated[list[TicketState] | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[TicketOut]:
        """Open tickets, or those in the states named: most urgent first, then oldest."""
        return [brief(ticket) for ticket in await tickets.list(state or (), limit)]

    @api.get("/tickets/{number}")
    async def show_ticket(_: Reader, number: str) -> TicketDetail:
        """A ticket with its conversation and timeline."""
        return detail(await tickets.show(number))

    @api.post("/tickets/{number}/take")
    async def take_ticket(agent: Agent, number: str) -> TicketDetail:
        """You answer from here on; the bot has said its last word when this returns."""
        await tickets.take(number, agent)
        return detail(await tickets.show(number))

    @api.post("/tickets/{number}/note")
    async def note_on_ticket(agent: Agent, number: str, body: TextIn) -> TicketDetail:
        """Writes down what only agents see."""
        await tickets.note(number, agent, body.text)
        return detail(await tickets.show(number))

    @api.post("/tickets/{number}/solve")
    async def solve_ticket(agent: Agent, number: str) -> TicketDetail:
        """Ends the ticket, tells the user, and gives the conversation back to the bot."""
        await tickets.solve(number, agent)
        return detail(await tickets.show(number))

    @api.post("/tickets/{number}/release")
    async def release_ticket(agent: Agent, number: str) -> TicketDetail:
        """Gives the conversation back to the bot and tells the user so."""
        await tickets.release(number, agent)
        return detail(await tickets.show(number))

    return api


def _message_router(tickets: Tickets, database: Database, files: Files) -> APIRouter:
    api = APIRouter(prefix=PREFIX, tags=["tickets"])

    @api.get("/tickets/{number}/messages/{message_id}/original")
    async def show_original(_: Reader, number: str, message_id: int) -> OriginalOut:
        """A message as it came, before anything was left out of its text."""
        return OriginalOut.model_validate(await tickets.original(number, message_id), from_attributes=True)

    @api.get("/tickets/{number}/files/{file_id}", response_class=FileResponse)
    async def download_file(_: Reader, number: str, file_id: int) -> FileResponse:
        """A file of the ticket's conversations, to be saved."""
        file = files.stored(await database.run(reading.file_of_ticket, number, file_id))
        if not file.path.exists():
            raise NotFound(f"file {file_id} of {number} is not on this disk")
        return FileResponse(file.path, headers=FILE_HEADERS, media_type=file.media_type, filename=file.name)

    return api


def _answer_errors(app: FastAPI) -> None:
    statuses: dict[type[Exception], int] = {NotFound: 404, NotAllowed: 403, Refused: 409}

    async def answer(_: Request, error: Exception) -> JSONResponse:
        status = next(status for kind, status in statuses.items() if isinstance(error, kind))
        return JSONResponse({"detail": str(error)}, status)

    for kind in statuses:
        app.add_exception_handler(kind, answer)

    @app.exception_handler(StorageDown)
    async def tell_to_wait(request: Request, error: StorageDown) -> JSONResponse:
        # Whoever has no token gets this as well: where the database is and what it said is the operator's business.
        log.error("storage_down", doing=f"{request.method} {request.url.path}", reason=str(error))
        return JSONResponse({"detail": "the database is unreachable; try again"}, 503, {"Retry-After": "2"})

    @app.exception_handler(RequestValidationError)
    async def explain(_: Request, error: RequestValidationError) -> JSONResponse:
        # Not what was sent: half of a character in it cannot be sent back.
        wrong = [{name: found[name] for name in ("type", "loc", "msg")} for found in error.errors()]
        return JSONResponse({"detail": wrong}, 422)


def _plain(ticket: Ticket) -> dict[str, Any]:
    return TicketOut.model_validate(ticket, from_attributes=True).model_dump()


def _message(said: Said) -> MessageOut:
    apart = {"files", "beside", "shortened"}
    fields = {name: getattr(said.message, name) for name in MessageOut.model_fields if name not in apart}
    files = [FileOut.model_validate(file, from_attributes=True) for file in said.files]
    return MessageOut(**fields, beside=dict(said.beside), shortened=said.shortened, files=files)
