"""The provider: where it is to be asked, with which keys it signs, and what it gives for a code."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bot.access.oidc.attempt import Attempt
from bot.access.oidc.errors import NotBelieved, ProviderAway, ProviderRefused
from bot.access.oidc.identity import Identity, Received, claims_of, identity_of
from bot.access.oidc.transport import Line, reachable
from bot.access.settings import Oidc

#: How long what it says of itself is kept.
LASTS = timedelta(hours=1)

HTTP_OK = 200


@dataclass(frozen=True, slots=True)
class Known:
    """What the provider says of itself, and its keys."""

    authorize: str
    token: str
    #: How it wants our secret: in the header, or in the form.
    basic: bool
    keys: KeySet
    at: datetime


class Provider:
    """The provider of `oidc`. Asked when it is needed: while it is away, nothing else is the worse for it."""

    def __init__(self, oidc: Oidc, line: Line) -> None:
        self.oidc = oidc
        self._line = line
        self._known: Known | None = None

    async def address(self, attempt: Attempt, back: str, now: datetime) -> str:
        """Where the browser is sent, to come back to `back`. Raises `ProviderAway`."""
        known = await self._learned(now)
        return str(
            prepare_grant_uri(
                known.authorize,
                self.oidc.client_id,
                "code",
                redirect_uri=back,
                scope="openid email profile",
                state=attempt.state,
                nonce=attempt.nonce,
                code_challenge=create_s256_code_challenge(attempt.verifier),
                code_challenge_method="S256",
            )
        )

    async def identity(self, code: str, attempt: Attempt, back: str, now: datetime) -> Identity:
        """Whom the provider vouches for. Raises `ProviderAway`, `ProviderRefused`, `NotBelieved`, `NotAnAgent`."""
        known = await self._learned(now)
        received = await self._redeemed(known, code, attempt, back)
        try:
            claims = claims_of(received, known.keys, self.oidc, now)
        except NotBelieved:
            # Perhaps it signs with another key since.
            claims = claims_of(received, (await self._learned(now, again=True)).keys, self.oidc, now)
        return identity_of(claims, self.oidc)

    async def _redeemed(self, known: Known, code: str, attempt: Attempt, back: str) -> Received:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
        headers, more = self._proof(known)
        verifier = {"code_verifier": attempt.verifier}
        status, answer = await self._line.post(known.token, headers, {**form, **verifier, **more})
        if status >= 500:  # noqa: PLR2004 - HTTP
            raise ProviderAway(f"the provider answered {status}")
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if status != HTTP_OK or not isinstance(id_token, str) or not isinstance(access_token, str):
            raise ProviderRefused(f"the provider gives nothing for the code: {status}")
        return Received(id_token, access_token, attempt.nonce)

    def _proof(self, known: Known) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and fields that say who we are."""
        name, secret = self.oidc.client_id, self.oidc.client_secret
        if secret is None:
            return {}, {"client_id": name}
        if not known.basic:
            return {}, {"client_id": name, "client_secret": secret.get_secret_value()}
        return {"Authorization": _basic(name, secret.get_secret_value())}, {}

    async def _learned(self, now: datetime, *, again: bool = False) -> Known:
        if self._known is None or again or now - self._known.at >= LASTS:
            found = await self._line.get(f"{self.oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
            self._known = await self._read(found, now)
        return self._known

    async def _read(self, found: dict[str, Any], now: datetime) -> Known:
        if found.get("issuer") != self.oidc.issuer:
            raise ProviderAway("the provider calls itself otherwise than `desk.oidc.issuer`")
        authorize, token, jwks = (
            reachable(found.get(name)) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        )
        ways = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        known_ways = ways if isinstance(ways, list) else []
        keys = _keys(await self._line.get(jwks))
        return Known(authorize, token, "client_secret_basic" in known_ways, keys, now)


def _keys(found: dict[str, Any]) -> KeySet:
    """Raises `ProviderAway`."""
    try:
        return KeySet.import_key_set({"keys": [key for key in found["keys"] if _usable(key)]})
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ProviderAway(f"the provider's keys cannot be read: {type(error).__name__}") from error


def _usable(key: dict[str, Any]) -> bool:
    """Whether it may be a key for signatures we take; a provider may have others besides."""
    return key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig"


def _basic(name: str, secret: str) -> str:
    """RFC 6749, 2.3.1."""
    return "Basic " + b64encode(f"{quote_plus(name)}:{quote_plus(secret)}".encode()).decode()
