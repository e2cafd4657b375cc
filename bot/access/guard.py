"""FastAPI dependencies for whatever stands under /desk: who is signed in, what they may, and that they meant it."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from bot.access.gate import caller_of, gate_of
from bot.access.origin import SAFE
from bot.access.roles import may
from bot.conversation import now
from bot.errors import NotAllowed
from bot.store import sessions
from bot.store.agent_tables import Agent, Role
from bot.store.sessions import Entry

LOGIN = "/desk/login"
#: What an open page asks for without anybody there.
BY_ITSELF = ("/desk/live", "/desk/parts/")
FACTOR = "/desk/profile/factor"


class SignInFirst(Exception):
    """Whoever asks must go to the page `at` first; scripts get 401 with the message."""

    def __init__(self, message: str, at: str) -> None:
        super().__init__(message)
        self.at = at


def csrf_of(request: Request) -> str:
    """What proves that a page of ours was used, for `<meta name="csrf">` and hidden fields; empty without a session."""
    return csrf_for(gate_of(request).token(request))


def csrf_for(token: str) -> str:
    """The same for the session of `token`, which may have changed just now."""
    return hmac.new(token.encode(), b"csrf", "sha256").hexdigest() if token else ""


def asks_for_data(request: Request) -> bool:
    """Whether a script asks, which needs JSON, and not a person's browser, which needs a page."""
    headers = request.headers
    return "x-requested-with" in headers or "application/json" in headers.get("accept", "")


async def entered(request: Request) -> AsyncIterator[Entry]:
    """Who is signed in, with the session; with anything but GET also that a page of ours sent it.

    Raises `SignInFirst` and `NotAllowed`. For pages that must work while a second factor is still missing; all
    others use `signed_in`.
    """
    entry = await entry_now(request)
    if entry is None or entry.session.pending:
        raise SignInFirst("sign in first", f"{LOGIN}?next={quote(_wanted(request), safe='')}")
    request.state.language = entry.agent.language
    if request.method not in SAFE:
        await check_meant(request)
    try:
        yield entry
    finally:
        # A form was read to find its token, also where the route has no use for its files.
        await request.close()


Entered = Annotated[Entry, Depends(entered)]


async def signed_in(request: Request, entry: Entered) -> Agent:
    """Who is signed in and may work. Raises `SignInFirst` and `NotAllowed`."""
    if gate_of(request).lacks_factor(entry):
        raise SignInFirst("set up a second factor first", FACTOR)
    return entry.agent


SignedIn = Annotated[Agent, Depends(signed_in)]


def needs(role: Role) -> Callable[[Agent], Awaitable[Agent]]:
    """A dependency that lets through who is signed in and may do what `role` may; everybody else is 403."""

    async def allowed(agent: SignedIn) -> Agent:
        if not may(agent.role, role):
            raise NotAllowed(f"this takes the role {role.value}; yours is {agent.role.value}")
        return agent

    return allowed


Lead = Annotated[Agent, Depends(needs(Role.LEAD))]
Maintainer = Annotated[Agent, Depends(needs(Role.MAINTAINER))]
Admin = Annotated[Agent, Depends(needs(Role.ADMIN))]


async def entry_now(request: Request) -> Entry | None:
    """Who is signed in at this moment. For streams, which outlive the check at their beginning.

    What an open page asks for by itself is no sign of life: it would be signed in for ever.
    """
    gate = gate_of(request)
    token = gate.token(request)
    if not token:
        return None
    active = not request.url.path.startswith(BY_ITSELF)
    return await gate.database.run(sessions.entry_of, token, caller_of(request), gate.lifetime, now(), active=active)


async def check_meant(request: Request) -> None:
    """Raises `NotAllowed` where the form or script is not of a page that this session was shown."""
    sent = request.headers.get("x-csrf-token") or await _field(request)
    if not hmac.compare_digest(sent.encode(), csrf_of(request).encode()):
        raise NotAllowed("this form is from an older page: load it again")


def check_asked_here(request: Request) -> None:
    """Raises `NotAllowed` where another site's link asks for an export, which nobody meant."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise NotAllowed("an export begins at a page of the desk")


async def _field(request: Request) -> str:
    if "form" not in request.headers.get("content-type", ""):
        return ""
    value = (await request.form()).get("csrf", "")
    return "" if isinstance(value, UploadFile) else value


def _wanted(request: Request) -> str:
    """Where to go on after signing in: the page itself, where it was one."""
    if request.method not in SAFE or asks_for_data(request):
        return "/desk"
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
