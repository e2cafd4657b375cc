"""To the OpenID provider and back."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from bot.access.gate import Gate, caller_of, gate_of
from bot.access.guard import LOGIN
from bot.access.oidc.entering import Newcomer, enter, note_failure
from bot.access.oidc.errors import NotAnAgent, NotBelieved, ProviderAway, ProviderRefused
from bot.access.oidc.sign_in import SignIn
from bot.access.origin import HOME, inside
from bot.access.signing_in import Signed
from bot.conversation import now
from bot.desk.access_pages import CODE, login_page
from bot.desk.showing import words_for
from bot.errors import Refused
from bot.store import sessions

log = structlog.get_logger()

PATH = f"{LOGIN}/openid"
BACK = f"{PATH}/back"

#: Characters of what comes back; longer codes are none.
LONGEST = 4000

pages = APIRouter(prefix=HOME, include_in_schema=False)

Said = Annotated[str, Query(max_length=LONGEST)]


@pages.get("/login/openid")
async def leave(request: Request, next: str = HOME) -> Response:  # noqa: A002 - what everybody calls it
    gate, sign_in = gate_of(request), _sign_in(request)
    if not gate.tries.knock(caller_of(request).address):
        return login_page(request, "too_many", 429)
    try:
        address, cookie = await sign_in.begin(inside(next), _back(request), now())
    except ProviderAway as error:
        return _failed(request, error)
    response = RedirectResponse(address, 303)
    gate.remember(response, cookie)
    return response


@pages.get("/login/openid/back")
async def come_back(request: Request, state: Said = "", code: Said = "", error: Said = "") -> Response:
    gate, caller = gate_of(request), caller_of(request)
    if not gate.tries.knock(caller.address):
        return login_page(request, "too_many", 429)
    try:
        response = await _entered(request, state, code, error)
    except (ProviderAway, ProviderRefused, NotBelieved, NotAnAgent) as refusal:
        await note_failure(gate, refusal, caller, now())
        response = _failed(request, refusal)
    gate.forget(response)
    return response


async def _entered(request: Request, state: str, code: str, error: str) -> Response:
    """The way to the page that was wanted. Raises what stands in bot.access.oidc.errors."""
    gate, sign_in = gate_of(request), _sign_in(request)
    attempt = sign_in.opened(gate.remembered(request), state)
    if not gate.tries.first(state):
        raise NotBelieved("somebody came back with this before")
    if error or not code:
        raise ProviderRefused("the provider did not sign them in")
    identity = await sign_in.identity(code, attempt, _back(request), now())
    newcomer = Newcomer(sign_in.oidc.create, words_for(request).language)
    signed = await enter(gate, identity, newcomer, caller_of(request), now())
    await gate.database.run(sessions.end, gate.token(request))
    return _admitted(gate, signed, attempt.next)


def _admitted(gate: Gate, signed: Signed, wanted: str) -> Response:
    where = inside(wanted)
    response = RedirectResponse(f"{CODE}?next={quote(where, safe='')}" if signed.pending else where, 303)
    gate.admit(response, signed.token)
    return response


#: What the page says, and its status.
TOLD: dict[type[Refused], tuple[str, int]] = {
    ProviderAway: ("away", 502),
    ProviderRefused: ("refused", 403),
    NotBelieved: ("not_believed", 400),
    NotAnAgent: ("not_an_agent", 403),
}


def _failed(request: Request, error: Refused) -> Response:
    log.warning("openid_failed", kind=type(error).__name__, reason=str(error))
    return login_page(request, *TOLD[type(error)])


def _sign_in(request: Request) -> SignIn:
    """The provider; these pages are there only where there is one."""
    sign_in = gate_of(request).oidc
    assert sign_in is not None  # noqa: S101 - see bot.desk.house
    return sign_in


def _back(request: Request) -> str:
    base = gate_of(request).public_url or str(request.base_url).rstrip("/")
    return f"{base}{BACK}"
