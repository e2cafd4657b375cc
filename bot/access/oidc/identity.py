"""From a signed ID token to whom the provider vouches for: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from bot.access.names import BadEmail, email_of
from bot.access.oidc.errors import NotAnAgent, NotBelieved
from bot.access.settings import Oidc

#: Signatures by a key that we cannot have: with a shared one, whoever knows the public key could sign.
ALGORITHMS = [f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)]

#: Seconds the provider's clock may differ.
LEEWAY = 60

#: Characters of the name.
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider vouches for."""

    email: str
    #: As the provider has it; may be empty.
    name: str
    #: It saw a second factor that counts.
    factor: bool


@dataclass(frozen=True, slots=True)
class Received:
    """What the provider gave for a code, and the nonce it must have been asked with."""

    id_token: str
    access_token: str
    nonce: str


def claims_of(received: Received, keys: KeySet, oidc: Oidc, now: datetime) -> dict[str, Any]:
    """What the ID token says, if it is signed, meant for us, for this attempt, and not over. Raises `NotBelieved`."""
    try:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        token = jwt.decode(received.id_token, keys, registry=registry)
        options = {
            "iss": {"essential": True, "value": oidc.issuer},
            "aud": {"essential": True, "value": oidc.client_id},
        }
        params = {"nonce": received.nonce, "client_id": oidc.client_id, "access_token": received.access_token}
        claims = CodeIDToken(token.claims, token.header, options, params)
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
    except (JoseError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise NotBelieved(f"the ID token is not believed: {type(error).__name__}") from error
    return dict(claims)


def identity_of(claims: dict[str, Any], oidc: Oidc) -> Identity:
    """Whom `claims` name. Raises `NotAnAgent` where the address is not vouched for, or of another domain."""
    typed = claims.get("email")
    # Some providers let people write in any address, and say that they did not look.
    if not isinstance(typed, str) or claims.get("email_verified") is not True:
        raise NotAnAgent("the provider does not vouch for an e-mail address")
    try:
        email = email_of(typed)
    except BadEmail as error:
        raise NotAnAgent("the provider vouches for something that is no e-mail address") from error
    if oidc.domains and email.rpartition("@")[2] not in oidc.domains:
        raise NotAnAgent("the e-mail address is of another domain")
    name = claims.get("name")
    return Identity(email, name[:LONGEST] if isinstance(name, str) else "", _factor(claims, oidc.second_factor))


def _factor(claims: dict[str, Any], accepted: Sequence[str]) -> bool:
    methods = claims.get("amr")
    said = [*(methods if isinstance(methods, list) else []), claims.get("acr")]
    return any(value in accepted for value in said)
