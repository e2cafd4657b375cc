"""What a visitor may say, and what becomes of it."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr
from starlette.requests import Request

from channels.errors import Unacceptable
from channels.webchat.pace import address
from channels.webchat.settings import WebChatSettings
from channels.words import Author, Place
from tests.channels.webchat import samples
from tests.channels.webchat.conftest import IDENTITY_SECRET
from tests.channels.webchat.host import MemoryHost
from tests.channels.webchat.test_session import identity
from tests.channels.webchat.visitor import Visitor


async def test_message_is_answered_once_stored(visitor: Visitor, host: MemoryHost) -> None:
    """A 200 carries the message as it was stored, with its id and the client's event id."""
    event_id = str(uuid4())
    answer = await visitor.post("提现要多久", event_id=event_id, language="zh-CN")
    message = answer.json()["message"]
    assert answer.json()["fresh"] is True
    assert (message["event_id"], message["author"], message["text"]) == (event_id, "user", "提现要多久")
    said = host.inbound[0]
    assert (said.event_id, said.text, said.language, said.place.account) == (event_id, "提现要多久", "zh-CN", "webchat")
    assert message["id"] == host.at(said.place).messages[0].message_id


async def test_choice_comes_back_as_its_payload(visitor: Visitor, host: MemoryHost) -> None:
    """A pressed button is its payload, with its title as the text."""
    await visitor.post("Withdrawals", choice="withdrawal_time")
    assert (host.inbound[0].text, host.inbound[0].choice) == ("Withdrawals", "withdrawal_time")


async def test_redelivery_is_the_same_message(visitor: Visitor, host: MemoryHost) -> None:
    """The same event id twice is stored once; the second answer says so and shows the first message."""
    event_id = str(uuid4())
    file = ("proof.png", samples.png(), "image/png")
    first = await visitor.post("here", event_id=event_id, files=[file])
    second = await visitor.post("here", event_id=event_id, files=[file])
    assert (first.json()["fresh"], second.json()["fresh"]) == (True, False)
    assert second.json()["message"]["id"] == first.json()["message"]["id"]
    assert [f["id"] for f in second.json()["message"]["files"]] == [f["id"] for f in first.json()["message"]["files"]]
    assert len(host.inbound) == 1


async def test_not_stored_is_not_received(visitor: Visitor, host: MemoryHost) -> None:
    """While the database is away the answer is 503 with a pause, and the same event id goes in later, once."""
    event_id = str(uuid4())
    host.down = True
    refused = await visitor.post("hello", event_id=event_id)
    assert (refused.status_code, refused.json()["error"]) == (503, "not_stored")
    assert int(refused.headers["retry-after"]) >= 1
    host.down = False
    assert (await visitor.post("hello", event_id=event_id)).json()["fresh"] is True
    assert len(host.inbound) == 1


async def test_what_the_core_refuses_is_told_by_its_code(visitor: Visitor, host: MemoryHost) -> None:
    """An unacceptable message is a 422 with the core's own code."""
    host.refusal = Unacceptable("choice_unknown", "that choice was never offered")
    answer = await visitor.post("x", choice="made_up")
    assert (answer.status_code, answer.json()["error"]) == (422, "choice_unknown")


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("", 422, "empty"),
        (" \n\t ", 422, "empty"),
        ("x" * 10_001, 413, "too_long"),
        ("提" * 10_001, 413, "too_long"),
        ("x" * 100_000, 413, "too_long"),
        ("a\0b", 422, "bad_characters"),
        ("\x1b[31mred", 422, "bad_characters"),
        ("\x85", 422, "bad_characters"),
    ],
)
async def test_unusable_text_is_refused(visitor: Visitor, host: MemoryHost, text: str, status: int, code: str) -> None:
    """Nothing, too much, or control characters: a clear error, and nothing reaches the core."""
    answer = await visitor.post(text)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert host.inbound == []


@pytest.mark.parametrize(
    "text",
    ["😀🎉", "مرحبا \u200f بك", "<script>alert(1)</script>", "' OR 1=1 --", "提" * 10_000, "two\nlines\tand a tab"],
)
async def test_strange_text_goes_through_unchanged(visitor: Visitor, host: MemoryHost, text: str) -> None:
    """Emoji, writing directions, markup and quotes are what the person said, to the character."""
    answer = await visitor.post(text)
    assert answer.json()["message"]["text"] == text == host.inbound[0].text


def form(*parts: bytes, end: bytes = b"--b--\r\n") -> bytes:
    """A form with the boundary "b"; each part starts after `form-data; `."""
    return b"".join(b"--b\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + end


EVENT = b'name="event_id"\r\n\r\n7b1f9c52-54a3-4a6e-8d15-0d3b7e8f5a10'


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (form(EVENT, b'name="text"\r\n\r\n\xff\xfe\xc0'), 422, "bad_characters"),
        (form(EVENT, b'name="file"; filename="\xff.txt"\r\n\r\nhello'), 422, "bad_characters"),
        (form(EVENT, b'name="text"\r\n\r\nhello', end=b""), 400, "bad_request"),
        (form(b'name="text"\r\n\r\nhello'), 400, "bad_request"),
        (form(b'name="event_id"\r\n\r\nnot-a-uuid', b'name="text"\r\n\r\nhello'), 400, "bad_request"),
        (form(EVENT, *[b'name="x"\r\n\r\ny'] * 20), 400, "bad_request"),
        (form(EVENT, b'name="text"\r\n' + b"X: y\r\n" * 500 + b"\r\nhello"), 400, "bad_request"),
        (b"not a form at all", 400, "bad_request"),
        (b"", 400, "bad_request"),
    ],
)
async def test_broken_form_is_refused(
    client: httpx.AsyncClient, visitor: Visitor, body: bytes, status: int, code: str
) -> None:
    """Bytes no browser sends get an error, not a guess and not a crash."""
    headers = visitor.headers | {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await client.post("messages", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (status, code)


@pytest.mark.parametrize("media_type", ["application/json", "multipart/form-data", ""])
async def test_other_media_types_are_refused(client: httpx.AsyncClient, visitor: Visitor, media_type: str) -> None:
    """Only a form with a boundary is read."""
    headers = visitor.headers | {"Content-Type": media_type}
    answer = await client.post("messages", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")


class TestFlood:
    """A visitor who sends faster than the setting allows."""

    @pytest.fixture
    def settings(self) -> WebChatSettings:
        return WebChatSettings(type="webchat", rate="3/minute")

    async def test_flood_stops_one_visitor_only(self, client: httpx.AsyncClient, host: MemoryHost) -> None:
        """Past the rate a visitor is told when to go on, and nobody else notices."""
        loud, quiet = await Visitor.arrive(client), await Visitor.arrive(client)
        answers = [await loud.post(str(n)) for n in range(5)]
        assert [a.status_code for a in answers] == [200, 200, 200, 429, 429]
        assert answers[-1].json()["error"] == "too_fast"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        assert (await quiet.post("hello")).status_code == 200
        assert len(host.inbound) == 4


class TestFloodFromOneAddress:
    """Somebody who takes a new name for every message."""

    @pytest.fixture
    def settings(self) -> WebChatSettings:
        secret = SecretStr(IDENTITY_SECRET)
        return WebChatSettings(
            type="webchat", identity_secret=secret, address_rate="3/minute", address_sessions="4/minute"
        )

    async def test_new_names_stop_at_the_rate(self, client: httpx.AsyncClient) -> None:
        """Past the rate nobody new arrives anonymously; who is known already is let in, and so is who logs in."""
        visitors = [await Visitor.arrive(client) for _ in range(4)]
        refused = await client.post("session", json={})
        assert (refused.status_code, refused.json()["error"]) == (429, "too_fast")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert (await client.post("session", json={"token": visitors[0].token})).status_code == 200
        assert (await client.post("session", json={"identity": identity()})).status_code == 200

    async def test_messages_under_many_names_stop_at_the_rate(
        self, client: httpx.AsyncClient, host: MemoryHost
    ) -> None:
        """Past the rate no anonymous message is taken, whoever sends it; one of a user of the site is."""
        visitors = [await Visitor.arrive(client) for _ in range(4)]
        answers = [await visitor.post("hello") for visitor in visitors]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        known = await Visitor.arrive(client, identity=identity())
        assert (await known.post("hello")).status_code == 200
        assert len(host.inbound) == 4


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("", "testclient", False),
    ],
)
def test_an_address_is_what_one_customer_has(one: str, other: str, *, same: bool) -> None:
    """Of IPv6 a customer has a whole network, so that is what counts."""
    first, second = (address(Request({"type": "http", "client": (host, 1)})) for host in (one, other))
    assert (first == second) is same


async def test_visitors_do_not_see_each_other(client: httpx.AsyncClient, host: MemoryHost) -> None:
    """Many at once: each message lands in its own conversation."""
    visitors = [await Visitor.arrive(client) for _ in range(10)]
    await asyncio.gather(*(v.post(f"from {n}") for n, v in enumerate(visitors)))
    assert len(host.conversations) == 10
    for conversation in host.conversations.values():
        assert [m.author for m in conversation.messages] == [Author.USER]


async def test_place_is_the_channel_and_the_visitor(visitor: Visitor, host: MemoryHost) -> None:
    """Replies find their way by account and handle alone."""
    await visitor.post("hello")
    assert host.inbound[0].place == Place(account="webchat", handle=host.inbound[0].place.handle, thread="")
    assert host.inbound[0].place.handle.startswith("anon:")
