from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from bot.errors import UnderstandingDown
from bot.understanding import LARGEST, LONGEST, Understanding
from bot.understood import Entity, Guess, Understood

JSON = {"Content-Type": "application/json"}

#: What Rasa 3.6.21 answers, field for field.
ANSWER = {
    "text": "when will my ETH come",
    "intent": {"name": "nlu_fallback", "confidence": 0.7},
    "entities": [
        {"entity": "coin", "start": 13, "end": 16, "value": "ETH", "extractor": "RegexEntityExtractor"},
        {"entity": "amount", "start": 0, "end": 4, "value": 12.5, "extractor": "DucklingEntityExtractor"},
        {"entity": "iban", "start": 5, "end": 9, "value": "DE00", "extractor": "Ours", "check": "checksum"},
    ],
    "text_tokens": [[0, 4], [5, 9], [10, 12], [13, 16], [17, 21]],
    "intent_ranking": [
        {"name": "nlu_fallback", "confidence": 0.7},
        {"name": "withdrawal_time", "confidence": 0.61},
        {"name": "deposit_missing", "confidence": 0.3},
    ],
}

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Rasa:
    """A server that speaks Rasa's API on loopback and can misbehave."""

    url: str = ""
    #: The texts asked about, in order.
    asked: list[str] = field(default_factory=list)
    #: The local ports asked from: one for each connection.
    ports: set[int] = field(default_factory=set)
    reply: Reply | None = None

    async def parse(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("token") != "right":
            return web.json_response({"status": "failure", "code": 401}, status=401)
        assert request.transport is not None
        self.ports.add(request.transport.get_extra_info("peername")[1])
        self.asked.append((await request.json())["text"])
        return await self.reply(request) if self.reply else web.json_response(ANSWER)

    async def status(self, request: web.Request) -> web.StreamResponse:
        return await self.reply(request) if self.reply else web.json_response({"model_file": "models/x.tar.gz"})


@pytest.fixture
async def rasa() -> AsyncIterator[Rasa]:
    """A counterpart that answers as Rasa does until told otherwise."""
    counterpart = Rasa()
    app = web.Application()
    app.router.add_post("/model/parse", counterpart.parse)
    app.router.add_get("/status", counterpart.status)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    counterpart.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield counterpart
    await runner.cleanup()


@pytest.fixture
async def understanding(rasa: Rasa) -> AsyncIterator[Understanding]:
    """A client of the counterpart with a short patience."""
    client = Understanding(lambda: rasa.url, "right", timeout=0.5)
    yield client
    await client.close()


async def test_what_rasa_says_is_read(understanding: Understanding) -> None:
    """Intents come best first and without a refusal; values of entities are text, with the check they failed."""
    assert await understanding.parse("when will my ETH come") == Understood(
        ranking=(Guess("withdrawal_time", 0.61), Guess("deposit_missing", 0.3)),
        entities=(
            Entity("coin", "ETH", 13, 16),
            Entity("amount", "12.5", 0, 4),
            Entity("iban", "DE00", 5, 9, "checksum"),
        ),
        refused=True,
    )


@pytest.mark.parametrize("best", ["nlu_fallback", "out_of_scope", "greet"])
async def test_a_refusal_is_told(rasa: Rasa, understanding: Understanding, best: str) -> None:
    """Refused is what the model takes for none of its intents, by either name; below it stands what it came near."""
    ranking = [{"name": best, "confidence": 0.6}, {"name": "withdrawal_time", "confidence": 0.3}]
    rasa.reply = replying(json.dumps({"intent": ranking[0], "intent_ranking": ranking}).encode())
    understood = await understanding.parse("hm")
    assert understood.refused is (best != "greet")
    assert understood.ranking[0].intent == ("withdrawal_time" if understood.refused else "greet")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("hello", "hello"),
        ("/greet", "greet"),
        (" \t/ //human{}", "human{}"),
        ("提现要多久", "提现要多久"),
        ("😀" * 2_000, "😀" * LONGEST),
        ("a" * 100_000, "a" * LONGEST),
        ("a\x00b\u202ec", "a\x00b\u202ec"),
        ("half \ud83d pair", "half ? pair"),
        ('"}\n{', '"}\n{'),
    ],
)
async def test_what_rasa_is_asked(rasa: Rasa, understanding: Understanding, text: str, read: str) -> None:
    """Rasa reads the beginning of the text, never an order to take an intent, always valid UTF-8."""
    await understanding.parse(text)
    assert rasa.asked == [read]


@pytest.mark.parametrize("text", ["", "  \n", "/", " // / "])
async def test_nothing_is_not_asked(rasa: Rasa, understanding: Understanding, text: str) -> None:
    """A text without content means nothing, whatever Rasa would guess."""
    assert await understanding.parse(text) == Understood(())
    assert rasa.asked == []


async def test_entities_stand_where_they_stand_in_the_text(understanding: Understanding) -> None:
    """Positions count in the text as it came, with what was taken off its beginning."""
    text = " /when will my ETH come"
    entity = (await understanding.parse(text)).entities[0]
    assert text[entity.start : entity.end] == "ETH"


@pytest.mark.parametrize(
    "answer",
    [
        {**ANSWER, "intent_ranking": [], "intent": {"name": None, "confidence": 0.0}},
        {"intent": None},
        {"intent": {"name": "nlu_fallback", "confidence": 0.9}},
    ],
)
async def test_no_intent_is_an_answer_too(rasa: Rasa, understanding: Understanding, answer: dict[str, object]) -> None:
    """A server that found no intent leaves the ranking empty."""
    rasa.reply = replying(json.dumps(answer).encode())
    assert (await understanding.parse("hm")).ranking == ()


async def test_a_server_without_ranking(rasa: Rasa, understanding: Understanding) -> None:
    """Where only the best intent is named, it is the ranking."""
    rasa.reply = replying(b'{"intent": {"name": "greet", "confidence": 0.9}}')
    assert (await understanding.parse("hm")).ranking == (Guess("greet", 0.9),)


def replying(body: bytes, status: int = 200) -> Reply:
    async def reply(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=JSON)

    return reply


async def slow(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.json_response(ANSWER)


async def cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut_within(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"intent": {"na')
    assert request.transport is not None
    request.transport.abort()
    return response


async def elsewhere(request: web.Request) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": str(request.url.with_path("/stolen"))})


FAULTS = {
    "error": (replying(b"oops", 500), "HTTP 500"),
    "overload": (replying(b"later", 503), "HTTP 503"),
    "no model": (replying(b"{}", 409), "no model"),
    "no JSON": (replying(b"<html>proxy</html>"), "not Rasa's"),
    "no UTF-8": (replying(b'{"intent": "\xff"}'), "not Rasa's"),
    "other JSON": (replying(b'{"intent": [1]}'), "not Rasa's"),
    "list": (replying(b"[]"), "not Rasa's"),
    "no number": (replying(b'{"intent": {"name": "greet", "confidence": NaN}}'), "not Rasa's"),
    "nested": (replying(b'{"intent":' * 100_000), "not Rasa's"),
    "endless": (replying(b" " * (LARGEST + 1)), "cannot be talked to"),
    "slow": (slow, "within 0.5 s"),
    "cut": (cut, "cannot be talked to"),
    "cut within": (cut_within, "cannot be talked to"),
    "redirect": (elsewhere, "HTTP 307"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_one_error(rasa: Rasa, understanding: Understanding, fault: str) -> None:
    """However Rasa fails, the error is the one that brings a human, says how, and names the setting but no token."""
    rasa.reply, told = FAULTS[fault]
    with pytest.raises(UnderstandingDown, match=told) as raised:
        await understanding.parse("hello")
    assert "understanding.url" in str(raised.value)
    assert "right" not in str(raised.value)


@pytest.mark.parametrize("fault", ["error", "no model", "slow", "cut"])
async def test_a_fault_is_not_ready(rasa: Rasa, understanding: Understanding, fault: str) -> None:
    """A server that would not answer is not ready, and the reason can be had."""
    assert await understanding.ready()
    rasa.reply, told = FAULTS[fault]
    assert not await understanding.ready()
    with pytest.raises(UnderstandingDown, match=told):
        await understanding.check()


async def test_after_a_fault_it_works_again(rasa: Rasa, understanding: Understanding) -> None:
    """A fault leaves nothing behind: the next question is answered."""
    rasa.reply = cut_within
    with pytest.raises(UnderstandingDown):
        await understanding.parse("hello")
    rasa.reply = None
    assert (await understanding.parse("hello")).ranking


async def test_a_connection_closed_meanwhile_is_no_fault(rasa: Rasa, understanding: Understanding) -> None:
    """A question that meets a connection just closed is asked once more."""

    async def once(request: web.Request) -> web.StreamResponse:
        rasa.reply = None
        return await cut(request)

    rasa.reply = once
    assert (await understanding.parse("hello")).ranking
    assert rasa.asked == ["hello", "hello"]


async def test_connections_are_kept(rasa: Rasa, understanding: Understanding) -> None:
    """Questions one after the other go over one connection."""
    for _ in range(5):
        await understanding.parse("hello")
    assert len(rasa.ports) == 1


async def test_a_wrong_token_names_its_setting(rasa: Rasa) -> None:
    """A server that refuses our token says which setting to mend, without showing it."""
    stranger = Understanding(lambda: rasa.url, "guessed")
    with pytest.raises(UnderstandingDown, match=r"understanding\.token") as raised:
        await stranger.parse("hello")
    assert "guessed" not in str(raised.value)
    await stranger.close()


@pytest.mark.parametrize("address", ["http://me:pass@127.0.0.1:{port}", "no address", "ftp://127.0.0.1"])
async def test_nobody_there(address: str) -> None:
    """A closed port or a senseless address is the same error, without the password in it."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        client = Understanding(lambda: address.format(port=closed.getsockname()[1]))
        with pytest.raises(UnderstandingDown) as raised:
            await client.parse("hello")
    assert "pass@" not in str(raised.value)
    await client.close()


async def test_the_address_may_change(rasa: Rasa) -> None:
    """After its server moved, the next question goes to the new address."""
    where = ["http://127.0.0.1:9"]
    client = Understanding(lambda: where[0], "right")
    assert not await client.ready()
    where[0] = rasa.url + "/"
    assert await client.ready()
    await client.close()
