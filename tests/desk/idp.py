"""An OpenID provider on a real socket, as strict as the standard wants it, that lies when told to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import unquote_plus, urlencode

import httpx
from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT = "frontdesk"
SECRET = "s3cret/+%"
BACK = "http://desk/desk/login/openid/back"

#: From the honest answer to what is sent in its place.
Answer = Callable[[web.Response], Awaitable[web.Response]]


@cache
def key(kid: str) -> RSAKey:
    """One key for each name, since they take long to make."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


def rs256(claims: dict[str, Any], kid: str) -> str:
    """As an honest provider signs."""
    return jwt.encode({"alg": "RS256", "kid": kid}, claims, key(kid))


def half_hash(text: str) -> str:
    """OpenID Connect Core, 3.1.3.6, for SHA-256."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()


@dataclass
class Idp:
    """The provider; `person` is at its browser."""

    issuer: str = ""
    kid: str = "first"
    person: dict[str, Any] = field(default_factory=lambda: {"email": "anna@example.org", "email_verified": True})
    #: What it says of itself and in its tokens instead of the truth; None leaves it out.
    discovery: dict[str, Any] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any], str], str] = rs256
    #: Answers by path, in place of its own.
    answers: dict[str, Answer] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        own = {
            "/.well-known/openid-configuration": self._describe,
            "/authorize": self._authorize,
            "/token": self._token,
            "/jwks": self._keys,
        }
        honest = await own[request.path](request)
        lie = self.answers.get(request.path)
        return await lie(honest) if lie else honest

    async def _describe(self, _: web.Request) -> web.Response:
        described = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
        }
        return web.json_response(described | self.discovery)

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response(KeySet([key(self.kid)]).as_dict(private=False))

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        assert (asked["client_id"], asked["redirect_uri"], asked["response_type"]) == (CLIENT, BACK, "code")
        assert asked["code_challenge_method"] == "S256"
        assert {"openid", "email"} <= set(asked["scope"].split())
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        raise web.HTTPFound(f"{BACK}?{urlencode({'code': code, 'state': asked['state']})}")

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        name, _, secret = (
            base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
        )
        asked = self.codes.pop(str(form["code"]), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(str(form["code_verifier"]).encode()).digest())
        fits = asked and asked["code_challenge"] == proof.rstrip(b"=").decode() and form["redirect_uri"] == BACK
        if not asked or not fits or (unquote_plus(name), unquote_plus(secret)) != (CLIENT, SECRET):
            return web.json_response({"error": "invalid_grant"}, status=400)
        access = secrets.token_urlsafe()
        return web.json_response(
            {"access_token": access, "token_type": "Bearer", "id_token": self.id_token(asked["nonce"], access)}
        )

    def id_token(self, nonce: str, access: str) -> str:
        """Of who is at the browser."""
        at = int(datetime.now(UTC).timestamp())
        honest = {
            "iss": self.issuer,
            "sub": "7",
            "aud": CLIENT,
            "iat": at,
            "exp": at + 300,
            "nonce": nonce,
            "at_hash": half_hash(access),
            **self.person,
        }
        claims = {name: value for name, value in (honest | self.lies).items() if value is not None}
        return self.sign(claims, self.kid)


async def way_back(browser: httpx.AsyncClient, wanted: str = "/desk") -> str:
    """To the provider, who sends the browser to the address returned."""
    sent = await browser.get("/desk/login/openid", params={"next": wanted})
    assert sent.status_code == 303, sent.text
    return await authorized(sent.headers["location"])


async def authorized(address: str) -> str:
    """Where the provider sends a browser that it was shown in."""
    async with httpx.AsyncClient(verify=False) as outside:  # noqa: S501 - nothing of it is encrypted
        there = await outside.get(address)
    assert there.status_code == 302
    return there.headers["location"]


async def sign_in(browser: httpx.AsyncClient, wanted: str = "/desk") -> httpx.Response:
    """There and back."""
    return await browser.get(await way_back(browser, wanted))


@asynccontextmanager
async def provided() -> AsyncIterator[Idp]:
    """On a free port of this machine."""
    idp, app = Idp(), web.Application()
    app.router.add_route("*", "/{path:.*}", idp.serve)
    async with TestServer(app) as server:
        idp.issuer = str(server.make_url("")).rstrip("/")
        yield idp


def unsigned(claims: dict[str, Any], kid: str) -> str:
    """alg: none."""
    return f"{_part({'alg': 'none', 'kid': kid})}.{_part(claims)}."


def by_public_key(claims: dict[str, Any], kid: str) -> str:
    """HS256, with what everybody can read as the shared secret."""
    signed = f"{_part({'alg': 'HS256', 'kid': kid})}.{_part(claims)}"
    mac = hmac.new(key(kid).as_pem(private=False), signed.encode(), "sha256").digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def by_stranger(claims: dict[str, Any], kid: str) -> str:
    """Another's key under the name of the provider's."""
    return jwt.encode({"alg": "RS256", "kid": kid}, claims, key("stranger"))


def without_end(claims: dict[str, Any], _: str) -> str:
    """A header that nests until the stack is full."""
    return f"{base64.urlsafe_b64encode(b'[' * 100_000).decode()}.{_part(claims)}.x"


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
