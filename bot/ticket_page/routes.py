"""The page of a ticket over HTTP. Whatever is wrong with a link, the answer is the same."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

from bot.api import FILE_HEADERS, PREFIX, Agent
from bot.conversation import now
from bot.desk.rendering import HERE
from bot.desk.texts import FALLBACK, Words, texts
from bot.errors import NotFound, StorageDown
from bot.files import Files
from bot.host import ChannelHost
from bot.settings import Settings
from bot.store import pages
from bot.store.database import Database
from bot.store.pages import Page
from bot.ticket_page import form, view
from bot.ticket_page.adding import Adding
from bot.ticket_page.form import Unusable
from bot.ticket_page.links import PATH, TicketLinks
from bot.ticket_page.pace import Pace

log = structlog.get_logger()

#: What the page says after something was done.
DONE = ("received", "reopened")

STATUSES = {"refused": 409, "newer": 409, "too_fast": 429, "empty": 422, "too_long": 413, "too_large": 413}


class TicketPages:
    """Answers the requests for them."""

    def __init__(
        self, database: Database, links: TicketLinks, files: Files, hosts: Mapping[str, ChannelHost], settings: Settings
    ) -> None:
        self._database = database
        self._links = links
        self._files = files
        self._adding = Adding(database, hosts)
        self._settings = settings
        self._pace = Pace()

    async def show(self, request: Request, token: str) -> Response:
        """The page."""
        found = await self._opened(request, token)
        if isinstance(found, Response):
            return found
        done = request.query_params.get("done", "")
        return self._page(request, found, token, told=done if done in DONE else "")

    async def add(self, request: Request, token: str) -> Response:
        """What the user adds; then the page is to be shown anew, so that a reload sends nothing twice."""
        found = await self._opened(request, token)
        if isinstance(found, Response):
            return found
        try:
            self._pace.write(token)
            added = await form.read(request, self._settings.conversation.longest_message)
            done = await self._adding.add(found, added)
        except Unusable as error:
            return self._page(request, found, token, told=error.why, draft=error.draft, status=STATUSES[error.why])
        except StorageDown as error:
            return self._down(request, error, "")
        language = _words(request, found).language
        return RedirectResponse(f"?language={language}&done={done}", 303, view.PRIVATE)

    async def file(self, request: Request, token: str, file_id: int) -> Response:
        """A file that stands on the page, to be saved."""
        found = await self._opened(request, token, "../../")
        if isinstance(found, Response):
            return found
        try:
            file = self._files.stored(pages.file_of_page(found, file_id))
        except NotFound:
            return self._over(request, "../../")
        if not file.path.exists():
            return self._over(request, "../../")
        headers = {**view.PRIVATE, **FILE_HEADERS}
        return FileResponse(file.path, headers=headers, media_type=file.media_type, filename=file.name)

    async def revoke(self, number: str, agent: str) -> None:
        """Ends every link given until now. Raises `NotFound` or `StorageDown`."""
        await self._database.run(pages.revoke, number, agent, now())
        log.info("links_revoked", ticket=number, agent=agent)

    async def _opened(self, request: Request, token: str, base: str = "") -> Page | Response:
        """What the link is about, or the page that says that it opens nothing."""
        about = self._links.read(token, now())
        if about is None:
            return self._over(request, base)
        if not self._pace.read(token):
            return view.over(self._settings, _words(request), base, "too_fast", 429)
        try:
            return await self._database.run(pages.page, about.ticket_id, about.conversation_id, about.version)
        except NotFound:
            return self._over(request, base)
        except StorageDown as error:
            return self._down(request, error, base)

    def _page(
        self, request: Request, found: Page, token: str, *, told: str = "", draft: str = "", status: int = 200
    ) -> HTMLResponse:
        words = _words(request, found)
        return view.shown(
            found, self._links, self._settings, words, token, now(), told=told, draft=draft, status=status
        )

    def _over(self, request: Request, base: str) -> HTMLResponse:
        if self._pace.guess(request.client.host if request.client else ""):
            return view.over(self._settings, _words(request), base)
        return view.over(self._settings, _words(request), base, "too_fast", 429)

    def _down(self, request: Request, error: StorageDown, base: str) -> HTMLResponse:
        # The path is a key: it is not logged.
        log.error("storage_down", doing="the page of a ticket", reason=str(error))
        return view.over(self._settings, _words(request), base, "unavailable", 503)


def install(app: FastAPI, shown: TicketPages) -> None:
    """Adds the page under `/tickets`."""
    app.mount(f"/{PATH}/static", StaticFiles(directory=HERE / "static"))
    router = APIRouter(prefix=f"/{PATH}", include_in_schema=False)

    @router.get("/{token}")
    async def show(request: Request, token: str) -> Response:
        return await shown.show(request, token)

    @router.post("/{token}")
    async def add(request: Request, token: str) -> Response:
        return await shown.add(request, token)

    @router.get("/{token}/files/{file_id:int}")
    async def file(request: Request, token: str, file_id: int) -> Response:
        return await shown.file(request, token, file_id)

    app.include_router(router)
    app.include_router(_api(shown))


def _api(shown: TicketPages) -> APIRouter:
    api = APIRouter(prefix=PREFIX, tags=["tickets"])

    @api.post("/tickets/{number}/revoke-links", status_code=204)
    async def revoke_links(agent: Agent, number: str) -> None:
        """No link to the ticket's page that was given until now opens anything."""
        await shown.revoke(number, agent)

    return api


def _words(request: Request, found: Page | None = None) -> Words:
    """The language asked for, else the conversation's, else the browser's."""
    browser = [part.strip()[:2].lower() for part in request.headers.get("accept-language", "").split(",")]
    spoken = found.conversation.language if found else None
    wanted = [request.query_params.get("language", ""), spoken or "", *browser]
    return Words(next((code for code in wanted if code in texts()), FALLBACK))
