from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from tweepy.asynchronous import AsyncClient  # type: ignore[import-untyped]  # it has no types

from channels.errors import ChannelError, MayHaveArrived, Never, TryAgain
from channels.x.api import pause, refusal
from tests.channels.x.platform import Platform
from tests.channels.x.samples import answers, outbound
from tests.channels.x.server import Server, broken, busy
from tests.channels.x.signatures import KEY, SECRET, TOKEN, TOKEN_SECRET
from tests.channels.x.world import ME as OURS

SEND = "POST /2/dm_conversations/with/1001/messages"
ME = "GET /2/users/me"


def library(session: aiohttp.ClientSession, **more: Any) -> Any:
    """The client as it comes."""
    client = AsyncClient(
        consumer_key=KEY, consumer_secret=SECRET, access_token=TOKEN, access_token_secret=TOKEN_SECRET, **more
    )
    client.session = session
    return client


async def test_error_page_is_tried_again(peer: Platform) -> None:
    """The library fails at reading a page that is no JSON; the channel tells that nothing was sent."""
    peer.server.instead = {ME: answers(broken()), SEND: answers(broken())}
    async with peer.server.session() as session:
        with pytest.raises(aiohttp.ContentTypeError):
            await library(session).get_me()
    with pytest.raises(TryAgain, match="503"):
        await peer.channel().send(outbound())


async def test_pause_is_not_left_to_the_library(peer: Platform) -> None:
    """The library fails after its own pause; the channel names the pause and leaves it to the core."""
    peer.server.instead = {ME: answers(busy(-5), busy(-5)), SEND: answers(busy(7))}
    async with peer.server.session() as session:
        with pytest.raises(AttributeError):
            await library(session, wait_on_rate_limit=True).get_me()
    with pytest.raises(TryAgain) as raised:
        await peer.channel().send(outbound())
    assert raised.value.after
    assert 5 < raised.value.after < 9


async def test_busy_without_a_moment_is_not_asked_at_once(peer: Platform) -> None:
    """The library asks again at once where no reset is named; the channel leaves the pause to the core."""
    peer.server.instead = {ME: answers(*[busy(None) for _ in range(20)], web.json_response({"data": OURS}))}
    start = time.monotonic()
    async with peer.server.session() as session:
        await library(session, bearer_token="x", wait_on_rate_limit=True).get_me(user_auth=False)
    assert len(peer.server.asked) == 21
    assert time.monotonic() - start < 5
    peer.server.instead = {SEND: answers(busy(None))}
    with pytest.raises(TryAgain) as raised:
        await peer.channel().send(outbound())
    assert raised.value.after is None
    assert len(peer.server.asked) == 22


@pytest.mark.parametrize(
    ("status", "detail", "reaction"),
    [
        (400, "One or more parameters to your request was invalid.", Never),
        (401, "Unauthorized", TryAgain),
        (402, "CreditsDepleted", TryAgain),
        (403, "You do not have permission to DM one or more participants.", Never),
        (403, "You are not allowed to create a Tweet with duplicate content.", MayHaveArrived),
        (404, "Could not find user", Never),
        (408, "", MayHaveArrived),
        (429, "Too Many Requests", TryAgain),
        (500, "", TryAgain),
        (504, "", MayHaveArrived),
        (599, "", TryAgain),
    ],
)
async def test_refusal_names_what_to_do(peer: Platform, status: int, detail: str, reaction: type[ChannelError]) -> None:
    """Each answer of X has its reaction, with what X says about it."""
    peer.server.instead = {SEND: answers(web.json_response({"detail": detail}, status=status))}
    with pytest.raises(reaction) as raised:
        await peer.channel().send(outbound())
    assert str(status) in str(raised.value)
    assert detail in str(raised.value)


async def test_keys_that_are_not_taken_are_named(peer: Platform) -> None:
    """After a 401 the reason tells which settings to look at."""
    with pytest.raises(TryAgain, match="api_key, api_secret, access_token and access_secret"):
        await peer.channel(api_secret="another").send(outbound())


async def test_reason_has_no_secret(peer: Platform) -> None:
    """Where X repeats a key in its answer, the reason does not."""
    response = web.json_response({"detail": f"bad token {TOKEN} of {KEY}"}, status=403)
    peer.server.instead = {SEND: answers(response)}
    with pytest.raises(Never) as raised:
        await peer.channel().send(outbound())
    assert TOKEN not in str(raised.value)
    assert KEY not in str(raised.value)


@pytest.mark.parametrize(
    "body", ["", "[]", "{", "null", '{"errors": "no"}', '{"detail": 5}', "[" * 5000, '{"errors": [1]}']
)
async def test_odd_error_is_an_error_all_the_same(peer: Platform, body: str) -> None:
    """Whatever stands in a refusal, the status decides."""
    peer.server.instead = {SEND: answers(web.Response(text=body, content_type="application/json", status=403))}
    with pytest.raises(Never, match="403"):
        await peer.channel().send(outbound())


@pytest.mark.parametrize("body", ["", "[]", "{", "<html>", "[" * 5000, '{"data": {}}', '{"data": {"dm_event_id": 5}}'])
async def test_odd_success_may_have_arrived(peer: Platform, body: str) -> None:
    """Where X takes something and answers what nobody can read, nobody knows."""
    peer.server.instead = {SEND: answers(web.Response(text=body, content_type="application/json", status=201))}
    with pytest.raises(MayHaveArrived):
        await peer.channel().send(outbound())


async def test_endless_answer_is_not_read_to_its_end(peer: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than an answer can have is left unread."""
    monkeypatch.setattr("channels.x.api.LONGEST_ANSWER", 1000)
    response = web.json_response({"data": {"dm_event_id": "1"}, "more": "x" * 2000}, status=201)
    peer.server.instead = {SEND: answers(response)}
    with pytest.raises(MayHaveArrived):
        await peer.channel().send(outbound())


async def test_certificate_of_another_is_refused(peer: Platform, tmp_path: Path) -> None:
    """Nothing is sent to whom nobody trusted says is X; that the file of whom to trust is missing is told."""
    (tmp_path / "other").mkdir()
    with pytest.raises(TryAgain, match="out of reach"):
        await peer.channel(ca_bundle=Server(tmp_path / "other").ca_bundle).send(outbound())
    with pytest.raises(TryAgain, match="ca_bundle"):
        await peer.channel(ca_bundle=tmp_path / "missing.pem").send(outbound())
    assert peer.server.asked == []


async def test_proxy_is_asked_for_the_way(peer: Platform) -> None:
    """That it refuses is told without its password, and nothing counts as sent."""
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        channel = peer.channel(proxy=f"http://desk:swordfish@127.0.0.1:{port}")
        (found,) = await channel.connect()
        with pytest.raises(TryAgain, match="407"):
            await channel.send(outbound())
    assert asked[0].startswith(b"CONNECT api.twitter.com:443 ")
    assert "swordfish" not in found + repr(channel.settings)


def test_longer_window_counts() -> None:
    """Where the window of a day is used up too, the pause lasts until that begins anew."""
    now = int(time.time())
    headers = {
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": str(now + 60),
        "x-user-limit-24hour-remaining": "0",
        "x-user-limit-24hour-reset": str(now + 7200),
    }
    error = refusal(429, headers, "")
    assert isinstance(error, TryAgain)
    assert error.after
    assert 7190 < error.after <= 7200
    assert pause(headers | {"x-user-limit-24hour-remaining": "3", "x-rate-limit-remaining": "9"}) is None


@pytest.mark.parametrize("reset", ["", "soon", "-1", "１２", "9" * 30, "9" * 12])
def test_odd_moment_is_no_pause_without_end(reset: str) -> None:
    """A moment that cannot be read is none, and one far ahead is at most a day away."""
    error = refusal(429, {"x-rate-limit-reset": reset}, "")
    assert isinstance(error, TryAgain)
    assert error.after is None or 0 <= error.after <= 25 * 3600


async def test_login_tells_what_is_missing(peer: Platform) -> None:
    """Who may only read, or not use direct messages, is told what to change."""
    peer.server.level = "read"
    assert "may only read" in "".join(await peer.channel().connect())
    peer.server.level = "read-write"
    assert "direct messages" in "".join(await peer.channel().connect())
    assert list(await peer.channel(dms=False).connect()) == []
    assert "api_key" in "".join(await peer.channel(api_key="another-key-4711").connect())
    peer.server.instead = {ME: answers(web.json_response(json.loads("{}")))}
    assert "whose keys" in "".join(await peer.channel().connect())
