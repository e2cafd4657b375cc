"""A visitor's browser as far as the wire goes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx

File = tuple[str, bytes, str]


class Visitor:
    """Holds a token and speaks the protocol."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self.token = token

    @classmethod
    async def arrive(cls, client: httpx.AsyncClient, **opening: str) -> Visitor:
        answer = await client.post("session", json=opening)
        assert answer.status_code == 200, answer.text
        return cls(client, answer.json()["token"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def post(
        self, text: str = "", *, event_id: str = "", files: Sequence[File] = (), **fields: str
    ) -> httpx.Response:
        data = {"event_id": event_id or str(uuid4()), "text": text, **fields}
        parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in data.items()]
        parts += [("file", file) for file in files]
        return await self._client.post("messages", files=parts, headers=self.headers)

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[tuple[str, Mapping[str, Any]]]]:
        """The open stream as (event, data); comments are left out."""
        async with self._client.stream("GET", "events", headers=self.headers) as response:
            assert response.status_code == 200, await response.aread()
            yield _frames(response)


async def _frames(response: httpx.Response) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
    event = ""
    async for line in response.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            event = value
        elif field == "data":
            yield event, json.loads(value)
