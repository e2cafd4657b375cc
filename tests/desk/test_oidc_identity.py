"""What is believed of an ID token, and whom it names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import KeySet

from bot.access.oidc.errors import NotAnAgent, NotBelieved
from bot.access.oidc.identity import Identity, Received, claims_of, identity_of
from bot.access.settings import Oidc
from bot.conversation import now
from tests.desk.idp import CLIENT, Idp, by_public_key, by_stranger, key, unsigned, without_end

ISSUER = "https://accounts.example.org/"
OIDC = Oidc(issuer=ISSUER, client_id=CLIENT, domains=("example.org",), second_factor=("mfa", "gold"))


def believed(idp: Idp, **more: Any) -> dict[str, Any]:
    """What is believed of the provider's token."""
    idp.issuer = ISSUER
    token = idp.id_token("the nonce", "the access token")
    received = Received(token, more.get("access_token", "the access token"), "the nonce")
    return claims_of(received, KeySet([key("first")]), OIDC, more.get("at", now()))


def test_an_honest_token_is_believed() -> None:
    """Also with several audiences, where it says that we asked; a clock may be a little off."""
    assert believed(Idp())["email"] == "anna@example.org"
    several = Idp(lies={"aud": [CLIENT, "another"], "azp": CLIENT, "at_hash": None})
    assert believed(several)["email"] == "anna@example.org"
    assert believed(Idp(), at=now() - timedelta(seconds=50))["email"] == "anna@example.org"


LIES: list[dict[str, Any]] = [
    {"iss": "https://accounts.example.net"},
    {"iss": ISSUER.rstrip("/")},
    {"iss": None},
    {"aud": "another"},
    {"aud": None},
    {"aud": [CLIENT, "another"]},
    {"azp": "another"},
    {"exp": 1_700_000_000},
    {"exp": None},
    {"exp": "soon"},
    {"iat": 9_000_000_000},
    {"nonce": "of another attempt"},
    {"nonce": None},
    {"at_hash": "b3RoZXIgdG9rZW4hIQ"},
    {"amr": "mfa"},
    {"iss": {}, "aud": 7},
]


@pytest.mark.parametrize("lies", LIES, ids=str)
def test_a_token_that_is_not_for_this_attempt_is_not_believed(lies: dict[str, Any]) -> None:
    """Issuer, audience, party, time, nonce and access token must all fit."""
    with pytest.raises(NotBelieved):
        believed(Idp(lies=lies))


def test_a_token_ends() -> None:
    """After its time and the minute that clocks may differ."""
    with pytest.raises(NotBelieved):
        believed(Idp(), at=now() + timedelta(seconds=400))


def test_a_token_that_came_with_another_is_not_believed() -> None:
    """The access token beside it is the one it was made with."""
    with pytest.raises(NotBelieved):
        believed(Idp(), access_token="another")


@pytest.mark.parametrize("sign", [unsigned, by_public_key, by_stranger, without_end, lambda *_: "x.y", lambda *_: ""])
def test_a_token_without_the_providers_signature_is_not_believed(sign: Callable[[dict[str, Any], str], str]) -> None:
    """None, HS256 with the public key as the secret, a stranger's key under the provider's name, no token at all."""
    with pytest.raises(NotBelieved):
        believed(Idp(sign=sign))


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "anna@example.org", "email_verified": False},
        {"email": "anna@example.org"},
        {"email": "anna@example.org", "email_verified": "false"},
        {"email": "anna@example.org", "email_verified": 1},
        {"email": ["anna@example.org"], "email_verified": True},
        {"email": "anna", "email_verified": True},
        {"email": "anna@example.com", "email_verified": True},
        {"email": "anna@evil-example.org", "email_verified": True},
        {"email": '"@example.org"@example.com', "email_verified": True},
        {"email": "anna@example.org@example.com", "email_verified": True},
    ],
    ids=str,
)
def test_an_address_that_is_not_vouched_for_or_of_another_domain_names_nobody(claims: dict[str, Any]) -> None:
    """Whoever wrote Anna's address into their own account at the provider is not Anna."""
    with pytest.raises(NotAnAgent):
        identity_of(claims, OIDC)


@pytest.mark.parametrize(
    ("claims", "factor"),
    [
        ({}, False),
        ({"amr": ["pwd"]}, False),
        ({"amr": ["pwd", "mfa"]}, True),
        ({"acr": "gold"}, True),
        ({"amr": 3}, False),
    ],
)
def test_only_named_values_are_a_second_factor(claims: dict[str, Any], factor: bool) -> None:  # noqa: FBT001
    """Of the methods or of the class; a password alone is none."""
    vouched = {"email": "Anna@Example.org", "email_verified": True, "name": ["x"], **claims}
    assert identity_of(vouched, OIDC) == Identity("anna@example.org", "", factor)
