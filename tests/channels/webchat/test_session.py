"""Who may speak, for how long, and as whom."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from channels.webchat.settings import WebChatSettings
from channels.webchat.tokens import Tokens
from tests.channels.webchat.conftest import IDENTITY_SECRET
from tests.channels.webchat.host import MemoryHost
from tests.channels.webchat.visitor import Visitor

Claims = dict[str, Any]


def identity(secret: str = IDENTITY_SECRET, **claims: object) -> str:
    """An identity as the host site signs it, good for an hour unless `claims` say otherwise."""
    return jwt.encode({"sub": "4711", "exp": time.time() + 3600, **claims}, secret)


def handle(token: str) -> str:
    """Whose token this is."""
    return str(jwt.decode(token, options={"verify_signature": False})["sub"])


@pytest.fixture
def tokens(host: MemoryHost) -> Tokens:
    """The channel's own signer, to make tokens of another age."""
    return Tokens("webchat", host.secret, timedelta(days=30), None)


async def test_session_says_what_the_widget_needs(client: httpx.AsyncClient) -> None:
    """A session names the brand, the nearest language we have, and the limits the server enforces."""
    session = (await client.post("session", json={"language": "zh-Hant-TW"})).json()
    assert (session["brand"], session["language"], session["languages"]) == ("Northwind Exchange", "zh", ["en", "zh"])
    assert session["limits"]["text"] == 10_000
    assert session["limits"]["file_bytes"] == 20_000_000
    assert ".png" in session["limits"]["suffixes"]
    assert (await client.post("session", json={"language": "fr"})).json()["language"] == "en"


async def test_newcomers_never_share_a_handle(client: httpx.AsyncClient) -> None:
    """Each newcomer gets a handle of 128 random bits."""
    handles = {handle((await client.post("session", json={})).json()["token"]) for _ in range(20)}
    assert len(handles) == 20
    assert all(len(bytes.fromhex(h.removeprefix("anon:"))) == 16 for h in handles)


async def test_returning_visitor_stays_the_same_person(client: httpx.AsyncClient, visitor: Visitor) -> None:
    """A token handed in again gives a token for the same handle."""
    again = await client.post("session", json={"token": visitor.token})
    assert handle(again.json()["token"]) == handle(visitor.token)


@pytest.mark.parametrize(("left", "renewed"), [(timedelta(days=14), True), (timedelta(days=16), False)])
async def test_token_is_renewed_in_its_second_half(
    client: httpx.AsyncClient, tokens: Tokens, left: timedelta, *, renewed: bool
) -> None:
    """A token with less than half its life left gets a whole one; a younger one keeps its end."""
    old = replace(tokens.anonymous(), expires_at=datetime.now(UTC) + left)
    session = (await client.post("session", json={"token": tokens.sign(old)})).json()
    assert handle(session["token"]) == old.handle
    life = datetime.fromisoformat(session["expires_at"]) - datetime.now(UTC)
    assert (life > timedelta(days=29)) is renewed


async def test_expired_token_is_told_apart_from_a_forged_one(client: httpx.AsyncClient, tokens: Tokens) -> None:
    """An expired token is `token_expired`, one signed with another key is `token_invalid`, both 401, on every door."""
    expired = tokens.sign(replace(tokens.anonymous(), expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    forged = Tokens("webchat", b"another key of thirty-two bytes!", timedelta(days=1), None)
    for token, code in [(expired, "token_expired"), (forged.sign(forged.anonymous()), "token_invalid")]:
        bad = Visitor(client, token)
        for answer in (
            await client.post("session", json={"token": token}),
            await bad.post("hello"),
            await client.get("events", headers=bad.headers),
        ):
            assert (answer.status_code, answer.json()["error"]) == (401, code)


@pytest.mark.parametrize(
    "header",
    [{}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer \xff.\xfe.x"}],
)
async def test_no_token_no_entry(client: httpx.AsyncClient, header: dict[str, str]) -> None:
    """Without a readable bearer token nothing is taken and nothing is told."""
    raw = {name.encode(): value.encode("latin-1") for name, value in header.items()}
    answer = await client.get("events", headers=raw)
    assert (answer.status_code, answer.json()["error"]) == (401, "token_invalid")


async def test_unsigned_token_is_refused(client: httpx.AsyncClient) -> None:
    """A token that asks for no signature ("alg": "none") is forged."""
    claims = {"sub": "anon:1", "exp": time.time() + 60, "aud": "frontdesk/webchat/visitor"}
    answer = await Visitor(client, jwt.encode(claims, "", algorithm="none")).post("hello")
    assert (answer.status_code, answer.json()["error"]) == (401, "token_invalid")


async def test_token_of_another_chat_is_refused(client: httpx.AsyncClient, host: MemoryHost) -> None:
    """Two web chats do not take each other's tokens, even with one key."""
    other = Tokens("second", host.secret, timedelta(days=1), None)
    answer = await Visitor(client, other.sign(other.anonymous())).post("hello")
    assert answer.json()["error"] == "token_invalid"


async def test_identity_names_a_verified_person(client: httpx.AsyncClient, host: MemoryHost) -> None:
    """What the host site signed comes with each message, and the token ends when the identity does."""
    ends = int(time.time()) + 1800
    token = identity(exp=ends, name="Li Wei", email="li@example.com", tier="vip", secret_note="no")
    opening = await client.post("session", json={"identity": token})
    assert datetime.fromisoformat(opening.json()["expires_at"]).timestamp() == ends
    assert (await Visitor(client, opening.json()["token"]).post("hello")).status_code == 200
    said = host.inbound[0]
    assert (said.place.handle, said.verified_by, said.name) == ("user:4711", "site", "Li Wei")
    assert said.attributes == {"name": "Li Wei", "email": "li@example.com", "tier": "vip"}


async def test_identity_brings_attributes(client: httpx.AsyncClient, host: MemoryHost) -> None:
    """What the host site signed of the person, of whatever kind, with the time at which it did."""
    signed = int(time.time()) - 600
    token = identity(iat=signed, tier="gold", attributes={"monthly_volume": 1.5e6, "verified": True, "manager": None})
    visitor = await Visitor.arrive(client, identity=token)
    await visitor.post("hello")
    said = host.inbound[0].vouched
    assert said is not None
    assert said.attributes == {"tier": "gold", "monthly_volume": 1.5e6, "verified": True, "manager": None}
    assert said.at.timestamp() == signed


async def test_identity_that_does_not_say_when(client: httpx.AsyncClient, host: MemoryHost) -> None:
    """It counts as said a day before it ends: whatever the company said since is newer."""
    ends = int(time.time()) + 1800
    await (await Visitor.arrive(client, identity=identity(exp=ends, attributes={"level": 3}))).post("hello")
    said = host.inbound[0].vouched
    assert said is not None
    assert said.at.timestamp() == ends - 86_400


async def test_visitor_brings_no_attributes(client: httpx.AsyncClient, host: MemoryHost) -> None:
    """Of somebody whom nobody signed for nothing is known."""
    await (await Visitor.arrive(client)).post("hello")
    assert host.inbound[0].vouched is None


async def test_identity_is_not_renewed_by_its_own_token(client: httpx.AsyncClient) -> None:
    """Handing in the visitor token again does not outlive the identity it was made from."""
    ends = int(time.time()) + 60
    first = await Visitor.arrive(client, identity=identity(exp=ends))
    again = await client.post("session", json={"token": first.token})
    assert datetime.fromisoformat(again.json()["expires_at"]).timestamp() == ends


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: identity(secret="not what the site and the chat share"), "identity_invalid"),
        (lambda: identity(exp=time.time() - 1), "identity_expired"),
        (lambda: identity(exp=time.time() + 25 * 3600), "identity_invalid"),
        (lambda: identity(exp=float("inf")), "identity_invalid"),
        (lambda: identity(exp=time.time() * 1000), "identity_invalid"),
        (lambda: identity(exp=10**400), "identity_invalid"),
        (lambda: identity(exp=[]), "identity_invalid"),
        (lambda: jwt.encode({"sub": "4711"}, IDENTITY_SECRET), "identity_invalid"),
        (lambda: jwt.encode({"exp": time.time() + 60}, IDENTITY_SECRET), "identity_invalid"),
        (lambda: identity(sub=""), "identity_invalid"),
        (lambda: identity(sub="a\u202eb"), "identity_invalid"),
        (lambda: identity(sub="x" * 201), "identity_invalid"),
        (lambda: identity(tier={"level": 9}), "identity_invalid"),
        (lambda: identity(attributes=["gold"]), "identity_invalid"),
        (lambda: identity(attributes={"Level": 1}), "identity_invalid"),
        (lambda: identity(attributes={"level": {"n": 1}}), "identity_invalid"),
        (lambda: identity(attributes={"level": float("nan")}), "identity_invalid"),
        (lambda: identity(attributes={"level": 10**400}), "identity_invalid"),
        (lambda: identity(attributes={"level": "x" * 201}), "identity_invalid"),
        (lambda: identity(attributes={f"a{number}": 1 for number in range(51)}), "identity_invalid"),
        (lambda: identity(attributes={"level": 1}, iat="soon"), "identity_invalid"),
        (lambda: "not.a.jwt", "identity_invalid"),
    ],
)
async def test_bad_identity_is_refused(client: httpx.AsyncClient, make: Callable[[], str], code: str) -> None:
    """An identity that is forged, over, too long-lived or malformed gives no token."""
    answer = await client.post("session", json={"identity": make()})
    assert (answer.status_code, answer.json()["error"]) == (401, code)


class TestWithoutSecret:
    """A chat that shares no secret with the host site."""

    @pytest.fixture
    def settings(self) -> WebChatSettings:
        return WebChatSettings(type="webchat")

    async def test_identity_is_off(self, client: httpx.AsyncClient) -> None:
        """Without a secret no identity is believed, not even a well-signed one."""
        answer = await client.post("session", json={"identity": identity()})
        assert (answer.status_code, answer.json()["error"]) == (403, "identity_off")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"token": 1}', b'{"language": "\\ud800"}', b"\xff\xfe", b'{"token":"' + b"x" * 9000]
)
async def test_broken_session_request_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    """A body that is not the JSON asked for is a 400, never a crash."""
    answer = await client.post("session", content=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")


async def test_endless_session_request_is_cut(client: httpx.AsyncClient) -> None:
    """A session's body is bounded."""
    answer = await client.post("session", content=b" " * 100_000)
    assert (answer.status_code, answer.json()["error"]) == (413, "bad_request")
