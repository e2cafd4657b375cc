"""Conversations as a client leads them: one question after another, each until its answer is there."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

#: Asks a question; returns once the answer is there.
Ask = Callable[[str], Awaitable[None]]
#: A new conversation with a system.
Talk = Callable[[], AbstractAsyncContextManager[Ask]]


@dataclass(slots=True)
class Round:
    """What one round with one system took: seconds in all, and of each turn in the order they ended."""

    seconds: float = 0
    turns: list[float] = field(default_factory=list)
    #: Of each wait of Frontdesk for Rasa's understanding, in the order they ended.
    parses: list[float] = field(default_factory=list)


async def lead(talk: Talk, conversations: Sequence[Sequence[str]], clients: int) -> Round:
    """Leads all conversations, `clients` at a time. Opening them is not part of what is measured."""
    found = Round()
    async with AsyncExitStack() as stack:
        waiting = [(await stack.enter_async_context(talk()), texts) for texts in conversations]
        began = time.perf_counter()
        await asyncio.gather(*(_client(waiting, found.turns) for _ in range(clients)))
        found.seconds = time.perf_counter() - began
    return found


async def _client(waiting: list[tuple[Ask, Sequence[str]]], turns: list[float]) -> None:
    while waiting:
        ask, texts = waiting.pop()
        for text in texts:
            began = time.perf_counter()
            await ask(text)
            turns.append(time.perf_counter() - began)


def rest(session: aiohttp.ClientSession, url: str) -> Talk:
    """Rasa's REST channel: the answer is the response."""

    @asynccontextmanager
    async def talk() -> AsyncIterator[Ask]:
        sender = uuid4().hex

        async def ask(text: str) -> None:
            message = {"sender": sender, "message": text}
            async with session.post(f"{url}/webhooks/rest/webhook", json=message) as response:
                replies = await response.json()
            assert replies, f"no answer to {text!r}"

        yield ask

    return talk


def web_chat(session: aiohttp.ClientSession, url: str) -> Talk:
    """Frontdesk's web chat: the answer comes over the visitor's open stream."""

    @asynccontextmanager
    async def talk() -> AsyncIterator[Ask]:
        async with session.post(f"{url}/session", json={}) as response:
            headers = {"Authorization": f"Bearer {(await response.json())['token']}"}
        async with session.get(f"{url}/events", headers=headers) as stream:
            await _event(stream, "transcript")

            async def ask(text: str) -> None:
                form = aiohttp.FormData({"event_id": str(uuid4()), "text": text}, default_to_multipart=True)
                async with session.post(f"{url}/messages", data=form, headers=headers) as response:
                    assert response.status == 200, await response.text()
                    await response.read()
                while (reply := await _event(stream, "message"))["author"] != "bot":
                    pass
                assert reply["owner"] == "bot", f"no answer to {text!r}: {reply['html']}"

            yield ask

    return talk


async def _event(stream: aiohttp.ClientResponse, wanted: str) -> dict[str, Any]:
    name = b""
    async for line in stream.content:
        field_, _, value = line.rstrip().partition(b": ")
        if field_ == b"event":
            name = value
        elif field_ == b"data" and name == wanted.encode():
            event: dict[str, Any] = json.loads(value)
            return event
    raise AssertionError("the stream ended")
