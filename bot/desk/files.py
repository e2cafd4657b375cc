"""Files of a ticket's conversations: saved, or shown where they are pictures; and messages as they came.

Who asks for one looked at the ticket, as the audit trail says it.
"""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import FileResponse

from bot.access.guard import SignedIn
from bot.api import FILE_HEADERS
from bot.conversation import now
from bot.desk.parts import Parts
from bot.desk.talk import PICTURES
from bot.errors import NotFound
from bot.store import audit, reading
from bot.store.agent_tables import Agent
from channels.words import StoredFile


def routes(parts: Parts) -> APIRouter:
    """What stands under a message."""
    files = APIRouter(prefix="/desk/tickets/{number}", include_in_schema=False)

    async def stored(agent: Agent, number: str, file_id: int) -> StoredFile:
        await parts.database.run(audit.ticket_viewed, agent.name, number, now(), over="desk")
        file = parts.files.stored(await parts.database.run(reading.file_of_ticket, number, file_id))
        if not file.path.exists():
            raise NotFound(f"file {file_id} of {number} is not on this disk")
        return file

    @files.get("/files/{file_id}", response_class=FileResponse)
    async def save(agent: SignedIn, number: str, file_id: int) -> FileResponse:
        file = await stored(agent, number, file_id)
        return FileResponse(file.path, headers=FILE_HEADERS, media_type=file.media_type, filename=file.name)

    @files.get("/pictures/{file_id}", response_class=FileResponse)
    async def show(agent: SignedIn, number: str, file_id: int) -> FileResponse:
        file = await stored(agent, number, file_id)
        if file.media_type not in PICTURES:
            raise NotFound(f"file {file_id} of {number} is no picture")
        return FileResponse(file.path, headers=FILE_HEADERS, media_type=file.media_type)

    @files.get("/messages/{message_id}/original")
    async def original(agent: SignedIn, number: str, message_id: int) -> dict[str, str]:
        await parts.database.run(audit.ticket_viewed, agent.name, number, now(), over="desk")
        return {"text": (await parts.tickets.original(number, message_id)).text}

    return files
