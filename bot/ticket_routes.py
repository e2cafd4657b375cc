"""What agents do with tickets besides taking and solving them, over REST; the words are those of `bot.tickets`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from pydantic import BaseModel, Field, model_validator

from bot.access.scopes import Scope, needs_scope
from bot.api import PREFIX, Agent, TicketDetail, detail
from bot.attachments import Attachments
from bot.choices import LONGEST_TITLE, MOST_TAGS
from bot.store.ticketing_tables import LinkKind
from bot.tickets import LONGEST_HOLD, LONGEST_TEXT, Tickets

Looking = Annotated[str, Depends(needs_scope(Scope.TICKETS_READ))]

#: Characters of a word that names something, and the most files an answer names.
Name = Annotated[str, Field(max_length=LONGEST_TITLE)]
MOST_FILES = 20


class ReplyIn(BaseModel):
    """An answer in Markdown, with files put up before; for `hold_seconds` it can be taken back."""

    text: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""
    files: Annotated[list[int], Field(max_length=MOST_FILES)] = []
    hold_seconds: Annotated[float, Field(ge=0, le=LONGEST_HOLD)] = 0

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if not self.text and not self.files:
            raise ValueError("neither a text nor a file")
        return self


class ChangeIn(BaseModel):
    """What is to be changed; what is left out stays. `tags` replace those there are."""

    category: Name | None = None
    priority: Name | None = None
    team: Name | None = None
    title: Name | None = None
    tags: Annotated[list[Name], Field(max_length=MOST_TAGS)] | None = None


class AssignIn(BaseModel):
    """Who answers from here on; null gives the ticket back to the queue."""

    to: Name | None


class MergeIn(BaseModel):
    """The ticket that goes on in place of this one."""

    into: Name


class SplitIn(BaseModel):
    """Where the other matter is, one of the two, and what it is called."""

    title: Name
    conversation: int | None = None
    message: int | None = None


class LinkIn(BaseModel):
    """What the ticket is to another."""

    other: Name
    kind: LinkKind


class RetryIn(BaseModel):
    """`sure`: also where it may have arrived."""

    sure: bool = False


class IntentIn(BaseModel):
    """What the message means."""

    intent: Name


class TextOut(BaseModel):
    """The words of an answer that was taken back."""

    text: str


class UploadOut(BaseModel):
    """The id by which a file is sent with an answer."""

    id: int


class MentionOut(BaseModel):
    """A note that names you."""

    id: int
    number: str
    title: str
    by: str
    text: str
    at: datetime
    seen: bool


#: What the page of the API says of a body that is read piece by piece.
_ANY_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def install(app: FastAPI, tickets: Tickets, attachments: Attachments) -> None:
    """Adds the routes under `/api`; `bot.api.install` adds the bound and the answers to errors."""
    for routes in (
        _answers(tickets, attachments),
        _changes(tickets),
        _waits(tickets),
        _merges(tickets),
        _words(tickets),
        _mentions(tickets),
    ):
        app.include_router(routes)


def _answers(tickets: Tickets, attachments: Attachments) -> APIRouter:
    api = APIRouter(prefix=PREFIX, tags=["tickets"])

    @api.post("/tickets/{number}/uploads", openapi_extra=_ANY_BODY)
    async def put_up_file(
        agent: Agent, number: str, name: Annotated[str, Query(max_length=500)], request: Request
    ) -> UploadOut:
        """Puts up the body as a file called `name`, to be sent with an answer within a day."""
        most = (await attachments.limits(number)).file_bytes
        return UploadOut(id=await attachments.put_up(number, agent, name, await _body(request, most)))

    @api.post("/tickets/{number}/reply")
    async def reply_to_ticket(agent: Agent, number: str, body: ReplyIn) -> TicketDetail:
        """Sends Markdown and files to the user, taking the ticket first where nobody has it."""
        files = await attachments.put_up_by(number, agent, body.files)
        await tickets.reply(number, agent, body.text, files, body.hold_seconds)
        await attachments.sent(agent, body.files)
        return detail(await tickets.show(number))

    @api.post("/tickets/{number}/messages/{message_id}/undo")
    async def undo_reply(agent: Agent, number: str, message_id: int) -> TextOut:
        """Takes back your answer while it is held, and gives you its text."""
        return TextOut(text=await tickets.undo_reply(number, agent, message_id))

    @api.post("/tickets/{number}/messages/{message_id}/retry")
    async def retry_message(agent: Agent, number: str, message_id: int, body: RetryIn) -> TicketDetail:
        """Sends again what failed, or may have arrived where you are sure."""
        await tickets.retry(number, agent, message_id, sure=body.sure)
        return detail(await tickets.show(number))

    return api


def _changes(tickets: Tickets) -> APIRouter:
    api = APIRouter(prefix=PREFIX, tags=["tickets"])

    @api.patch("/tickets/{number}")
    async def change_ticket(agent: Agent, number: str, body: ChangeIn) -> TicketDetail:
        """Changes category, priority, team, title or tags."""
        await tickets.change(number, agent, **body.model_dump(exclude_unset=True))
        return detail(await tickets.show(number))

    @api.post("/tickets/{number}/assign")
    async def assign_ticket(agent: Agent, number: str, body: AssignIn) -> TicketDetail:
        """Gives the ticket to a colleague, or back to the queue."""
        await tickets.assign(number, agent, body.to)
        return detail(await tickets.show(number))

    @api.put("/tickets/{number}/messages/{message_id}/intent")
    async def correct_intent(agent: Agent, number: str, message_id: int, body: IntentIn) -> TicketDetail:
        """Says what the user's message means, for the next training."""
        await tickets.correct_intent(number, agent, message_id, body.intent)
        return detail(await tickets.show(number))

    return api


def _waits(tickets: Tickets) -> APIRouter:
    api = APIRouter(prefix=PREFIX, tags=["tickets"])

    @api.post("/tickets/{number}/hold")
    async def hold_ticket(agent: Agent, number: str) -> TicketDetail:
        """The ticket waits for somebody other than the user."""
        await tickets.hold(number, agent)
        return detail(await tickets.show(number))

    @api.post("/tickets/{number}/pend")
    async def pend_ticket(agent: Agent, number: str) -> TicketDetail:
        """The ticket waits for the user."""
        await tickets.pend(number, agent)
        return detail(await tickets.show(number))

    @api.post("/tickets/{number}/reopen")
    async def reopen_ticket(agent: Agent, number: str) -> TicketDetail:
        """A solved ticket goes back to the queue, and the user is told."""
        await tickets.reopen(number, agent)
        return detail(await tickets.show(number))

    return api


def _merges(tickets: Tickets) -> APIRouter:
    api = APIRouter(prefix=PREFIX, tags=["tickets"])

    @api.post("/tickets/{number}/merge")
    async def merge_ticket(agent: Agent, number: str, body: MergeIn) -> TicketDetail:
        """The ticket goes on as another, which this returns."""
        return detail(await tickets.show(await tickets.merge(number, body.into, agent)))

    @api.post("/tickets/{number}/split")
    async def split_ticket(agent: Agent, number: str, body: SplitIn) -> TicketDetail:
        """Another matter becomes a ticket of its own, which this returns."""
        new = await tickets.split(number, agent, body.title, conversation_id=body.conversation, message_id=body.message)
        return detail(await tickets.show(new))

    @api.post("/tickets/{number}/undo")
    async def undo_merge_or_split(agent: Agent, number: str) -> TicketDetail:
        """Undoes the last merge or split of the ticket, while nothing is against it."""
        await tickets.undo(number, agent)
        return detail(await tickets.show(number))

    return api


def _words(tickets: Tickets) -> APIRouter:
    api = APIRouter(prefix=PREFIX, tags=["tickets"])

    @api.post("/tickets/{number}/links")
    async def link_tickets(agent: Agent, number: str, body: LinkIn) -> TicketDetail:
        """Says what the ticket is to another."""
        await tickets.link(number, body.other, body.kind, agent)
        return detail(await tickets.show(number))

    @api.delete("/tickets/{number}/links/{kind}/{other}")
    async def unlink_tickets(agent: Agent, number: str, kind: LinkKind, other: str) -> TicketDetail:
        """It is that no more."""
        await tickets.unlink(number, other, kind, agent)
        return detail(await tickets.show(number))

    return api


def _mentions(tickets: Tickets) -> APIRouter:
    api = APIRouter(prefix=PREFIX, tags=["tickets"])

    @api.get("/mentions")
    async def list_mentions(
        agent: Looking, *, seen: bool = False, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> list[MentionOut]:
        """Notes that name you, newest first; with `seen` also those you have read."""
        found = await tickets.mentions(agent, limit, seen=seen)
        return [MentionOut.model_validate(one, from_attributes=True) for one in found]

    @api.post("/tickets/{number}/seen", status_code=204)
    async def see_mentions(agent: Agent, number: str) -> None:
        """You have read the notes of the ticket."""
        await tickets.see(number, agent)

    return api


async def _body(request: Request, most: int) -> bytes:
    """The whole of it, at most `most` bytes."""
    pieces, size = [], 0
    async for piece in request.stream():
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise HTTPException(413, f"more than {most} bytes")
    return b"".join(pieces)
