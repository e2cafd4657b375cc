"""What an open page is told, and when."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest

from channels.webchat.streams import LONGEST_QUEUE, MOST_PAGES, Streams
from channels.words import Author, Choice, Owner, Place, Signal, Transcript
from tests.channels.webchat import samples
from tests.channels.webchat.host import MemoryHost
from tests.channels.webchat.site import Site
from tests.channels.webchat.visitor import Visitor


@pytest.fixture
async def place(visitor: Visitor, host: MemoryHost) -> Place:
    """Where the visitor is, known from a first message."""
    await visitor.post("hello")
    return host.inbound[0].place


async def test_stream_opens_with_the_transcript(visitor: Visitor, host: MemoryHost, place: Place) -> None:
    """The first event is everything said, oldest first, and who answers now."""
    await host.say(place, "<p>Hi</p>", choices=[Choice(title="Fees", payload="fees")])
    host.at(place).owner, host.at(place).ticket = Owner.QUEUE, "FD-1001"
    async with visitor.events() as events:
        name, data = await anext(events)
    assert name == "transcript"
    assert (data["owner"], data["ticket"]) == ("queue", "FD-1001")
    assert [(m["author"], m.get("text"), m.get("html")) for m in data["messages"]] == [
        ("user", "hello", None),
        ("bot", None, "<p>Hi</p>"),
    ]
    assert data["messages"][1]["choices"] == [{"title": "Fees", "payload": "fees"}]


async def test_stranger_has_an_empty_transcript(visitor: Visitor) -> None:
    """Somebody who has not written yet gets an empty transcript, owned by the bot."""
    async with visitor.events() as events:
        assert await anext(events) == ("transcript", {"owner": "bot", "agent": "", "ticket": None, "messages": []})


async def test_reply_arrives_while_the_page_is_open(
    client: httpx.AsyncClient, visitor: Visitor, host: MemoryHost, place: Place
) -> None:
    """A reply comes at once, with who answers now, and links to files that work."""
    async with visitor.events() as events:
        await anext(events)
        host.at(place).owner, host.at(place).ticket = Owner.AGENT, "FD-1001"
        file = host.keep_file(place, "map.png", "image/png", samples.png())
        sent = await host.say(place, "<p>Hello</p>", author=Author.AGENT, name="Anna", files=[file])
        name, data = await anext(events)
    assert (name, data["id"], data["part"], data["html"]) == ("message", sent.message_id, 0, "<p>Hello</p>")
    assert (data["author"], data["name"], data["owner"]) == ("agent", "Anna", "agent")
    assert (data["agent"], data["ticket"]) == ("Anna", "FD-1001")
    assert (await client.get(data["files"][0]["url"])).content == samples.png()


@pytest.mark.usefixtures("place")
async def test_own_message_reaches_the_other_tab(visitor: Visitor) -> None:
    """What is sent from one tab is shown in the other, without touching who answers; a redelivery is not repeated."""
    async with visitor.events() as events:
        await anext(events)
        for event_id in ("7b1f9c52-54a3-4a6e-8d15-0d3b7e8f5a10",) * 2:
            await visitor.post("from the first tab", event_id=event_id)
        await visitor.post("then this")
        texts = [(await anext(events))[1] for _ in range(2)]
    assert [t["text"] for t in texts] == ["from the first tab", "then this"]
    assert "owner" not in texts[0]


async def test_typing_is_shown_and_not_kept(visitor: Visitor, host: MemoryHost, place: Place) -> None:
    """A signal reaches an open page; nobody listening is no error."""
    assert host.channel is not None
    await host.channel.signal(Place(account="webchat", handle="anon:nobody"), Signal.TYPING)
    async with visitor.events() as events:
        await anext(events)
        await host.channel.signal(place, Signal.TYPING)
        assert await anext(events) == ("signal", {"signal": "typing"})


async def test_wait_is_shown_to_pages_open_and_opened_later(visitor: Visitor, host: MemoryHost, place: Place) -> None:
    """How long the visitor waits reaches an open page, and stands below the transcript of the next, to its end."""
    assert host.channel is not None
    async with visitor.events() as events:
        await anext(events)
        await host.channel.waiting(place, "You are next.")
        assert await anext(events) == ("waiting", {"wait": "You are next."})
    async with visitor.events() as events:
        await anext(events)
        assert await anext(events) == ("waiting", {"wait": "You are next."})
        await host.channel.waiting(place, "")
        assert await anext(events) == ("waiting", {"wait": ""})
    async with visitor.events() as events:
        await anext(events)
        await host.channel.signal(place, Signal.TYPING)
        assert (await anext(events))[0] == "signal"


async def test_visitors_hear_only_themselves(client: httpx.AsyncClient, host: MemoryHost, place: Place) -> None:
    """Another visitor's page stays silent about this conversation."""
    other = await Visitor.arrive(client)
    async with other.events() as events:
        await anext(events)
        await host.say(place, "<p>private</p>")
        await other.post("mine")
        assert (await anext(events))[1]["text"] == "mine"


async def test_reply_sent_before_it_is_written_down_is_not_missed(
    visitor: Visitor, host: MemoryHost, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that opens between a send and its record in the transcript is still shown the message, once."""
    await host.say(place, "<p>written</p>")
    sent = await host.say(place, "<p>in between</p>")
    known = tuple(m for m in host.at(place).messages if m.message_id != sent.message_id)

    async def late(*_: object) -> Transcript:
        return Transcript(messages=known)

    monkeypatch.setattr(host, "transcript", late)
    async with visitor.events() as events:
        _, data = await anext(events)
    assert [m.get("html") or m["text"] for m in data["messages"]] == ["hello", "<p>written</p>", "<p>in between</p>"]


async def test_restarted_server_shows_everything_again(
    site: Site, visitor: Visitor, host: MemoryHost, place: Place
) -> None:
    """A stopping server ends the stream; after the restart the transcript has what was said meanwhile."""
    async with visitor.events() as events:
        await anext(events)
        await site.stop()
        assert [event async for event in events] == []
    await host.say(place, "<p>while you were away</p>")
    await site.start()
    async with visitor.events() as events:
        _, data = await anext(events)
    assert data["messages"][-1]["html"] == "<p>while you were away</p>"


async def test_stream_without_a_database_ends_at_once(visitor: Visitor, host: MemoryHost) -> None:
    """With the transcript out of reach the stream closes without one, so the page tries again."""
    host.down = True
    async with visitor.events() as events:
        assert [event async for event in events] == []


async def test_oldest_of_too_many_pages_makes_room(visitor: Visitor) -> None:
    """One visitor cannot hold ever more streams open."""
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(visitor.events()) for _ in range(MOST_PAGES)]
        for stream in streams:
            await anext(stream)
        newest = await stack.enter_async_context(visitor.events())
        await anext(newest)
        assert [event async for event in streams[0]] == []


async def test_page_that_does_not_read_is_cut_off() -> None:
    """A page is never more than a bounded number of items behind; past that it ends and starts afresh."""
    streams = Streams()
    with streams.page("anon:slow") as page:
        for _ in range(LONGEST_QUEUE + 5):
            streams.publish("anon:slow", Signal.TYPING)
        items = [await page.next(1) for _ in range(LONGEST_QUEUE + 1)]
    assert items == [Signal.TYPING] * LONGEST_QUEUE + [None]


async def test_page_ends_with_its_token() -> None:
    """A stream lasts no longer than it is allowed to."""
    with Streams().page("anon:x") as page:
        assert await asyncio.wait_for(page.next(0.01), 5) is None
