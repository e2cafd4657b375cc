"""The pages for who is not signed in: signing in and out, and what one-time links lead to."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from bot.access.gate import caller_of, gate_of
from bot.access.guard import LOGIN, Entered, SignInFirst, check_meant, csrf_of, entry_now
from bot.access.names import email_of, name_of
from bot.access.origin import HOME, inside
from bot.access.passwords import LONGEST, SHORTEST, check
from bot.access.signing_in import second_step, sign_in
from bot.conversation import now
from bot.desk.access_words import told
from bot.desk.rendering import page
from bot.desk.showing import words_for
from bot.desk.texts import FALLBACK, texts
from bot.errors import NotAllowed, NotFound, Refused
from bot.store import invites, sessions
from bot.store.invites import Filled, Opened
from bot.store.sessions import Entry

pages = APIRouter(prefix=HOME, include_in_schema=False)

CODE = f"{LOGIN}/code"

Typed = Annotated[str, Form()]


@pages.get("/login")
async def show_login(request: Request, next: str = HOME) -> Response:  # noqa: A002 - what everybody calls it
    return login_page(request, "", next=next)


@pages.post("/login")
async def log_in(request: Request, email: Typed = "", password: Typed = "", next: Typed = HOME) -> Response:  # noqa: A002
    gate = gate_of(request)
    if not gate.takes_passwords:
        raise NotAllowed("passwords do not open this desk")
    signed = await sign_in(gate, email, password, caller_of(request), now())
    if signed is None:
        return login_page(request, "wrong", 401, next=next, email=email[:254])
    await gate.database.run(sessions.end, gate.token(request))
    response = RedirectResponse(f"{CODE}?next={quote(inside(next), safe='')}" if signed.pending else inside(next), 303)
    gate.admit(response, signed.token)
    return response


def login_page(request: Request, wrong: str, status: int = 200, *, next: str = HOME, email: str = "") -> Response:  # noqa: A002
    """The login; `wrong` says why it is shown again, by the texts' names behind `login_`."""
    gate = gate_of(request)
    return page(
        "access/login.html",
        words_for(request),
        status,
        next=inside(next),
        wrong=wrong,
        email=email,
        passwords=gate.takes_passwords,
        provider=gate.oidc.oidc.name if gate.oidc else "",
    )


@pages.get("/login/code")
async def show_code(request: Request, next: str = HOME) -> Response:  # noqa: A002
    await _pending(request)
    return _code_page(request, next)


@pages.post("/login/code")
async def enter_code(request: Request, code: Typed = "", next: Typed = HOME) -> Response:  # noqa: A002
    entry = await _pending(request)
    await check_meant(request)
    gate = gate_of(request)
    token = await second_step(gate, entry, code, caller_of(request), now())
    if token is None:
        return _code_page(request, next, 401)
    response = RedirectResponse(inside(next), 303)
    gate.admit(response, token)
    return response


async def _pending(request: Request) -> Entry:
    """Who gave the right password and owes a code. Raises `SignInFirst`."""
    entry = await entry_now(request)
    if entry is None or not entry.session.pending:
        raise SignInFirst("sign in first", LOGIN)
    return entry


def _code_page(request: Request, wanted: str, status: int = 200) -> Response:
    values = {"next": inside(wanted), "csrf": csrf_of(request), "wrong": status != 200}  # noqa: PLR2004 - HTTP
    return page("access/code.html", words_for(request), status, **values)


@pages.post("/logout")
async def log_out(request: Request, entry: Entered) -> Response:
    gate = gate_of(request)
    await gate.database.run(sessions.end_one, entry.agent.id, entry.session.id)
    response = RedirectResponse(LOGIN, 303)
    gate.dismiss(response)
    return response


@pages.get("/invite/{token}")
async def show_invite(request: Request, token: str) -> Response:
    opened = await gate_of(request).database.run(invites.opened, token, now())
    return _invite_page(request, opened, words_for(request).language)


@pages.post("/invite/{token}")
async def use_invite(
    request: Request, token: str, password: Typed = "", language: Typed = FALLBACK, name: Typed = "", email: Typed = ""
) -> Response:
    gate = gate_of(request)
    opened = await gate.database.run(invites.opened, token, now())
    shown = language if language in texts() else FALLBACK
    try:
        who = (opened.agent.name, opened.agent.email) if opened.agent else (name_of(name), email_of(email))
        check(password, *who)
        filled = Filled(*who, await gate.passwords.hashed(password), shown)
        await gate.database.run(invites.use, token, filled, now())
    except NotFound:
        raise
    except Refused as error:
        return _invite_page(request, opened, shown, error, name[:60], email[:254])
    return RedirectResponse(LOGIN, 303)


def _invite_page(
    request: Request, opened: Opened, language: str, error: Refused | None = None, name: str = "", email: str = ""
) -> Response:
    words = words_for(request)
    return page(
        "access/invite.html",
        words,
        422 if error else 200,
        purpose=opened.purpose.value,
        agent=opened.agent,
        languages=list(texts()),
        chosen=language,
        wrong=told(error, 422, words) if error else "",
        name=name,
        email=email,
        shortest=SHORTEST,
        longest=LONGEST,
    )
