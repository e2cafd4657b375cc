"""People who write to the web chat whatever happens to the server: they send again until it says "stored"."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from ruamel.yaml import YAML

from tests.channels.webchat.visitor import Visitor

#: Seconds before a message is sent again that nobody took.
PAUSE = 0.2
#: The share of messages sent once more although they were stored: what a phone does when the answer got lost.
ONCE_MORE = 0.05

_ENTITY = re.compile(r"\[([^\]]+)\]\([^)]+\)")


@dataclass(slots=True)
class Customer:
    """Says `script`: bursts of messages, each with the number of the server's life it falls into."""

    number: int
    script: Sequence[tuple[int, Sequence[str]]]
    #: (event id, text) in the order they were sent.
    sent: list[tuple[str, str]] = field(default_factory=list)
    #: Deliveries the server had stored before.
    redelivered: int = 0
    #: What the open page was shown, in order; a message shown again after a reconnect stands once.
    seen: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    #: Messages shown twice with different words.
    changed: int = 0
    visitor: Visitor | None = None
    #: Whether the page stays open.
    watching: bool = True

    async def arrive(self, client: httpx.AsyncClient) -> None:
        """Gets a token."""
        while self.visitor is None:
            try:
                self.visitor = await Visitor.arrive(client)
            except httpx.TransportError:
                await asyncio.sleep(PAUSE)

    async def talk(self, lives: Sequence[asyncio.Event], chance: random.Random, spread: float) -> None:
        """Sends each burst within `spread` seconds of the beginning of its life."""
        for life, burst in self.script:
            await lives[life].wait()
            await asyncio.sleep(chance.uniform(0, spread))
            for text in burst:
                await self.say(text, again=chance.random() < ONCE_MORE)

    async def watch(self) -> None:
        """Keeps a page open until cancelled, or until its line breaks once `watching` is off."""
        assert self.visitor
        while self.watching:
            try:
                async with self.visitor.events() as events:
                    async for name, data in events:
                        self._shown(name, data)
            except httpx.TransportError:
                await asyncio.sleep(PAUSE)

    async def transcript(self) -> list[dict[str, Any]]:
        """What the server says was said."""
        assert self.visitor
        async with self.visitor.events() as events:
            async for name, data in events:
                assert name == "transcript"
                return list(data["messages"])
        raise AssertionError("a stream without a transcript")

    async def say(self, text: str, *, again: bool = False) -> None:
        """Sends until it is stored; `again`: and once more after that."""
        event_id = str(uuid4())
        self.sent.append((event_id, text))
        await self.store(event_id, text)
        if again:
            await self.store(event_id, text)

    async def store(self, event_id: str, text: str) -> None:
        """Sends until the server says "stored"."""
        assert self.visitor
        while True:
            try:
                answer = await self.visitor.post(text, event_id=event_id)
            except httpx.TransportError:
                await asyncio.sleep(PAUSE)
                continue
            if answer.status_code == HTTPStatus.OK:
                self.redelivered += not answer.json()["fresh"]
                return
            assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE, answer.text
            await asyncio.sleep(PAUSE)

    def _shown(self, name: str, data: Any) -> None:
        if name in {"signal", "waiting"}:
            return
        for message in data["messages"] if name == "transcript" else [data]:
            said = {key: message.get(key) for key in ("author", "text", "html", "event_id")}
            known = self.seen.setdefault((message["id"], message["part"]), said)
            self.changed += known != said


def questions(intents: Path) -> tuple[list[str], list[str]]:
    """In-domain questions in English and in Chinese, one list each: the project's own held-out examples."""
    found: list[str] = []
    for path in sorted((intents / "tests").glob("*.yml")):
        for part in YAML(typ="safe").load(path)["nlu"]:
            examples = str(part.get("examples", "")).splitlines() if part.get("intent") else []
            found += [_ENTITY.sub(r"\1", example.removeprefix("- ")) for example in examples]
    chinese = [text for text in found if re.search(r"[\u4e00-\u9fff]", text)]
    return sorted(set(found) - set(chinese)), chinese


def scripts(
    chance: random.Random, pools: Sequence[Sequence[str]], lives: int, people: int = 100, each: int = 10
) -> list[list[tuple[int, list[str]]]]:
    """What people say in ten messages or `each`: two thirds ask only, the others digress or want a person in the end.

    `pools` are questions of one language each, then what nobody can answer, then ways to ask for a person.
    """
    *languages, strange, humans = pools
    found = []
    for number in range(people):
        said = chance.sample(languages[number % len(languages)], each)
        if number % 6 == 4:
            said[chance.randrange(each)] = chance.choice(strange)
        if number % 6 == 5:
            said[chance.randrange(each // 2, each)] = humans[number % len(humans)]
        found.append(_bursts(chance, said, lives))
    return found


def _bursts(chance: random.Random, said: list[str], lives: int) -> list[tuple[int, list[str]]]:
    cuts = sorted(chance.sample(range(1, len(said)), chance.randrange(len(said) // 2, len(said) - 1)))
    parts = [said[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(said)], strict=True)]
    return list(zip(sorted(chance.choices(range(lives), k=len(parts))), parts, strict=True))
