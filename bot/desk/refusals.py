"""What went wrong under /desk: a page for a person, the API's JSON for a script."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.responses import Response

from bot.access.guard import SignInFirst, asks_for_data
from bot.desk.access_words import NAMES, told
from bot.desk.rendering import page
from bot.desk.showing import words_for
from bot.errors import NotAllowed, NotFound, Refused, StorageDown

Handler = Callable[[Request, Exception], Awaitable[Response]]

#: What is shown as a page, and under which status.
STATUSES: dict[type[Exception], int] = {
    NotFound: 404,
    NotAllowed: 403,
    Refused: 409,
    StorageDown: 503,
    RequestValidationError: 422,
}


def install(app: FastAPI) -> None:
    """Wraps the handlers the application has; call it after the API's are there."""
    app.add_exception_handler(SignInFirst, _send_to_sign_in)
    for kind in (*STATUSES, AnyHTTPException):
        app.add_exception_handler(kind, _as_page(app.exception_handlers[kind], kind))  # type: ignore[arg-type]  # Starlette leaves them untyped


async def _send_to_sign_in(request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInFirst)  # noqa: S101 - registered for it alone
    if asks_for_data(request):
        return JSONResponse({"detail": str(error), "at": error.at}, 401)
    return RedirectResponse(error.at, 303)


def _as_page(before: Handler, kind: type[Exception]) -> Handler:
    async def answer(request: Request, error: Exception) -> Response:
        if not request.url.path.startswith("/desk") or asks_for_data(request):
            return await before(request, error)
        status = error.status_code if isinstance(error, AnyHTTPException) else STATUSES[kind]
        words = words_for(request)
        return page("access/refused.html", words, status, what=told(error, status, words), why=_why(error))

    return answer


def _why(error: Exception) -> str:
    """What the core says to the person who asked, where no sentence of the desk does."""
    return str(error) if isinstance(error, Refused) and type(error) not in NAMES else ""
