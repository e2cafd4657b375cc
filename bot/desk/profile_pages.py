"""What agents decide for themselves: language, password, second factor, and where they stay signed in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from bot.access.factor import address, digest_of_code, new_secret, picture, recovery_codes, step_of
from bot.access.gate import caller_of, gate_of
from bot.access.guard import Entered, SignedIn, csrf_for
from bot.access.passwords import LONGEST, SHORTEST, WeakPassword, check
from bot.access.signing_in import WrongPassword, check_password
from bot.conversation import now
from bot.desk.access_words import told
from bot.desk.showing import shown
from bot.desk.texts import FALLBACK, Words, texts
from bot.errors import Refused
from bot.store import agents, factors, sessions
from bot.store.sessions import Entry

PROFILE = "/desk/profile"

pages = APIRouter(prefix=PROFILE, include_in_schema=False)

Typed = Annotated[str, Form()]


@pages.get("")
async def show_profile(request: Request, entry: Entered, _: SignedIn, done: str = "") -> Response:
    return await _profile(request, entry, done=done if done in {"language", "password", "sessions", "factor"} else "")


@pages.post("/language")
async def set_language(request: Request, agent: SignedIn, language: Typed = FALLBACK) -> Response:
    known = language if language in texts() else FALLBACK
    await gate_of(request).database.run(agents.set_language, agent.id, known)
    return RedirectResponse(f"{PROFILE}?done=language", 303)


@pages.post("/password")
async def set_password(
    request: Request, entry: Entered, agent: SignedIn, password: Typed = "", new: Typed = ""
) -> Response:
    gate = gate_of(request)
    try:
        check(new, agent.name, agent.email)
        await check_password(gate, agent, password, caller_of(request), now())
    except (WeakPassword, WrongPassword) as error:
        return await _profile(request, entry, error=error)
    hashed = await gate.passwords.hashed(new)
    token = await gate.database.run(agents.change_password, entry.session.id, hashed, now())
    return _renewed(request, token, "password")


@pages.post("/sessions")
async def end_sessions(request: Request, entry: Entered, agent: SignedIn, session: Typed = "") -> Response:
    """Signs out of one other session, by id, or of all others."""
    database = gate_of(request).database
    if session == "others":
        await database.run(sessions.end_all, agent.id, entry.session.id)
    elif session.isdecimal() and len(session) < 10:  # noqa: PLR2004 - what every database takes for an id
        await database.run(sessions.end_one, agent.id, int(session))
    return RedirectResponse(f"{PROFILE}?done=sessions", 303)


@pages.get("/factor")
async def show_factor(request: Request, entry: Entered) -> Response:
    if entry.agent.totp:
        return await _codes_page(request, entry)
    return await _setup(request, entry)


@pages.get("/factor.svg")
async def show_picture(request: Request, entry: Entered) -> Response:
    """What the app reads, while it is being set up."""
    gate = gate_of(request)
    if entry.agent.totp:
        return Response(status_code=404)
    secret = await gate.database.run(factors.offer, entry.session.id, new_secret())
    return Response(picture(address(secret, entry.agent.email, gate.brand)), media_type="image/svg+xml")


@pages.post("/factor")
async def turn_on(request: Request, entry: Entered, code: Typed = "") -> Response:
    gate, codes = gate_of(request), recovery_codes()
    step = step_of(entry.session.offered, code, now(), entry.agent.totp_step) if entry.session.offered else None
    if step is None or entry.agent.totp:
        return await _setup(request, entry, wrong=True)
    digests = [digest_of_code(code) for code in codes]
    token = await gate.database.run(factors.enable, entry.session.id, step, digests, now())
    return _with_codes(request, entry, codes, token)


@pages.post("/factor/codes")
async def renew_codes(request: Request, entry: Entered, agent: SignedIn, password: Typed = "") -> Response:
    gate, codes = gate_of(request), recovery_codes()
    try:
        await check_password(gate, agent, password, caller_of(request), now())
    except WrongPassword:
        return await _codes_page(request, entry, wrong=True)
    await gate.database.run(factors.renew_codes, agent.id, [digest_of_code(code) for code in codes], now())
    return _with_codes(request, entry, codes, gate.token(request))


@pages.post("/factor/off")
async def turn_off(request: Request, entry: Entered, agent: SignedIn, password: Typed = "") -> Response:
    gate = gate_of(request)
    try:
        await check_password(gate, agent, password, caller_of(request), now())
    except WrongPassword:
        return await _codes_page(request, entry, wrong=True)
    return _renewed(request, await gate.database.run(factors.disable, entry.session.id, now()), "factor")


async def _profile(request: Request, entry: Entry, done: str = "", error: Refused | None = None) -> Response:
    words = Words(entry.agent.language)
    return shown(
        request,
        entry.agent,
        "access/profile.html",
        422 if error else 200,
        sessions=await gate_of(request).database.run(sessions.of_agent, entry.agent.id),
        own=entry.session.id,
        done=done,
        wrong=told(error, 422, words) if error else "",
        languages=list(texts()),
        shortest=SHORTEST,
        longest=LONGEST,
    )


async def _setup(request: Request, entry: Entry, *, wrong: bool = False) -> Response:
    gate = gate_of(request)
    secret = await gate.database.run(factors.offer, entry.session.id, new_secret())
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    values = {"secret": grouped, "wrong": wrong, "must": gate.lacks_factor(entry)}
    return shown(request, entry.agent, "access/factor.html", 422 if wrong else 200, **values)


async def _codes_page(request: Request, entry: Entry, *, wrong: bool = False) -> Response:
    left = await gate_of(request).database.run(factors.left, entry.agent.id)
    return shown(request, entry.agent, "access/codes.html", 422 if wrong else 200, codes=[], left=left, wrong=wrong)


def _with_codes(request: Request, entry: Entry, codes: list[str], token: str) -> Response:
    """The only time the recovery codes can be read."""
    values: dict[str, Any] = {"codes": codes, "left": len(codes), "wrong": False, "csrf": csrf_for(token)}
    response = shown(request, entry.agent, "access/codes.html", **values)
    gate_of(request).admit(response, token)
    return response


def _renewed(request: Request, token: str, done: str) -> Response:
    response = RedirectResponse(f"{PROFILE}?done={done}", 303)
    gate_of(request).admit(response, token)
    return response
