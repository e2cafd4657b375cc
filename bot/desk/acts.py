"""What agents do with a ticket on its page. Each answer is JSON: what to tell, where to go, what can be taken back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from starlette.responses import Response

from bot.access.guard import SignedIn
from bot.conversation import now
from bot.desk.parts import Parts
from bot.desk.texts import Words
from bot.errors import Refused
from bot.store import desk
from bot.store.agent_tables import Agent
from bot.store.inbox import KeptFile
from bot.store.ticketing_tables import LinkKind
from bot.tickets import LONGEST_TEXT
from channels.words import Attachment

#: What an act answers.
Told = dict[str, Any]

Typed = Annotated[str, Form(max_length=LONGEST_TEXT)]
Short = Annotated[str, Form(max_length=400)]
Id = Annotated[int, Form(ge=1)]
Sent = Annotated[list[UploadFile] | None, File()]


def routes(parts: Parts) -> APIRouter:
    """Everything that changes a ticket, or says that somebody is at it."""
    acts = APIRouter(prefix="/desk/tickets/{number}", include_in_schema=False)
    _answering(acts, parts)
    _moving(acts, parts)
    _joining(acts, parts)
    _learning(acts, parts)
    return acts


def _answering(acts: APIRouter, parts: Parts) -> None:
    tickets, wait = parts.tickets, parts.settings.desk.undo_seconds

    @acts.post("/reply")
    async def reply(agent: SignedIn, number: str, text: Typed = "", then: Short = "", files: Sent = None) -> Told:
        kept = await _kept(parts, number, files)
        if then == "solve":
            await tickets.reply(number, agent.name, text, kept)
            await tickets.solve(number, agent.name)
            return told(agent, "solve", ticket=number)
        message = await tickets.reply(number, agent.name, text, kept, hold_seconds=wait)
        await parts.database.run(desk.wrote, number, agent.name)
        return {"message": message, "seconds": wait}

    @acts.post("/note")
    async def note(agent: SignedIn, number: str, text: Typed) -> Told:
        await tickets.note(number, agent.name, text)
        await parts.database.run(desk.wrote, number, agent.name)
        return {}

    @acts.post("/unsend")
    async def unsend(agent: SignedIn, number: str, message: Id) -> Told:
        return {"text": await tickets.undo_reply(number, agent.name, message)}

    @acts.post("/retry")
    async def retry(agent: SignedIn, number: str, message: Id, sure: Short = "") -> Told:
        await tickets.retry(number, agent.name, message, sure=bool(sure))
        return told(agent, "retry")

    @acts.post("/here")
    async def here(agent: SignedIn, number: str, writing: Short = "") -> Response:
        await parts.database.run(desk.look, number, agent.name, now(), writing=bool(writing))
        return Response(status_code=204)


def _moving(acts: APIRouter, parts: Parts) -> None:
    tickets = parts.tickets

    @acts.post("/take")
    async def take(agent: SignedIn, number: str) -> Told:
        await tickets.take(number, agent.name)
        return told(agent, "take", ticket=number)

    @acts.post("/solve")
    async def solve(agent: SignedIn, number: str) -> Told:
        await tickets.solve(number, agent.name)
        return told(agent, "solve", ticket=number)

    @acts.post("/release")
    async def release(agent: SignedIn, number: str) -> Told:
        await tickets.release(number, agent.name)
        return told(agent, "release")

    @acts.post("/hold")
    async def hold(agent: SignedIn, number: str) -> Told:
        await tickets.hold(number, agent.name)
        return told(agent, "hold", ticket=number)

    @acts.post("/reopen")
    async def reopen(agent: SignedIn, number: str) -> Told:
        await tickets.reopen(number, agent.name)
        return told(agent, "reopen", ticket=number)

    @acts.post("/assign")
    async def assign(agent: SignedIn, number: str, to: Short) -> Told:
        await tickets.assign(number, agent.name, to)
        return told(agent, "assign", ticket=number, agent=to)

    @acts.post("/change")
    async def change(
        agent: SignedIn, number: str, title: Short, priority: Short, category: Short, team: Short = "", tags: Short = ""
    ) -> Told:
        wanted = [tag.strip() for tag in tags.replace("，", ",").split(",") if tag.strip()]
        await tickets.change(
            number, agent.name, title=title, priority=priority, category=category, team=team, tags=wanted
        )
        return told(agent, "change")


def _joining(acts: APIRouter, parts: Parts) -> None:
    tickets = parts.tickets

    @acts.post("/merge")
    async def merge(agent: SignedIn, number: str, into: Short) -> Told:
        other = await tickets.merge(number, into, agent.name)
        return told(agent, "merge", ticket=number, other=other) | {"go": f"/desk/tickets/{other}"}

    @acts.post("/split")
    async def split(agent: SignedIn, number: str, message: Id, title: Short) -> Told:
        other = await tickets.split(number, agent.name, title, message_id=message)
        return told(agent, "split", other=other) | {"undo": True}

    @acts.post("/undo")
    async def undo(agent: SignedIn, number: str) -> Told:
        await tickets.undo(number, agent.name)
        return told(agent, "undo")

    @acts.post("/link")
    async def link(agent: SignedIn, number: str, other: Short, kind: Annotated[LinkKind, Form()]) -> Told:
        await tickets.link(number, other, kind, agent.name)
        return told(agent, "link")


def _learning(acts: APIRouter, parts: Parts) -> None:
    @acts.post("/intent")
    async def intent(agent: SignedIn, number: str, message: Id, intent: Short) -> Told:
        if intent not in parts.intents:
            raise Refused(f"there is no intent {intent!a}")
        await parts.tickets.correct_intent(number, agent.name, message, intent)
        return told(agent, "intent")


def told(to: Agent, name: str, **values: str) -> Told:
    """What the page tells the agent."""
    return {"told": Words(to.language)(f"desk.told_{name}", **values)}


async def _kept(parts: Parts, number: str, files: list[UploadFile] | None) -> list[KeptFile]:
    """A form without files has one that is empty."""
    named = [file for file in files or [] if file.filename]
    sent = [
        Attachment(name=file.filename or "", media_type=file.content_type or "", data=await file.read())
        for file in named
    ]
    return await parts.attachments.keep(number, sent)
