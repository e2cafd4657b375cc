"""The only file that knows Rasa's HTTP API: a text goes in, a ranking of intents and the entities in it come out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import aiohttp
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from bot.errors import NoModel, UnderstandingDown
from bot.understood import Entity, Guess, Understood

#: Characters of a text that are read; a question stands in its beginning, and Rasa's time grows with the length.
LONGEST = 1_000
#: Bytes of an answer; Rasa's own for the longest text and some hundred intents has a tenth of it.
LARGEST = 1_000_000
#: Seconds an unused connection is kept: less than the 5 after which Rasa closes it.
KEEP_ALIVE = 4
#: Refusals to answer, not something a person can mean: Rasa's own label, and the customary name of an intent whose
#: examples mean nothing a bot can answer.
REFUSALS = frozenset({"nlu_fallback", "out_of_scope"})

#: Rasa reads "/greet" as an order to take the intent greet, wherever the text came from.
_ORDER = re.compile(r"^[\s/]+")
#: The name and password in an address.
_SECRET = re.compile(r"//[^/@]*@")


class _Intent(BaseModel):
    name: str | None = None
    confidence: float = Field(default=0.0, allow_inf_nan=False)


class _Entity(BaseModel):
    entity: str
    value: object
    start: int
    end: int
    #: Not Rasa's own: an extractor that checks what it finds names what did not pass.
    check: str | None = None

    def placed(self, offset: int) -> Entity:
        return Entity(self.entity, str(self.value), self.start + offset, self.end + offset, self.check)


class _Parsed(BaseModel):
    """Rasa's answer to POST /model/parse, as far as it is used."""

    intent: _Intent | None
    intent_ranking: list[_Intent] = []
    entities: list[_Entity] = []


_parsed = TypeAdapter(_Parsed)


class Understanding:
    """A Rasa server, or any that speaks its API. Connections are kept; calls may overlap.

    `where` is asked for the server's address before every call, because a supervised Rasa changes its port; `timeout`
    is in seconds, for a whole call. A call that fails raises `UnderstandingDown`.
    """

    def __init__(self, where: Callable[[], str], token: str = "", timeout: float = 5) -> None:
        self._where = where
        self._query = {"token": token} if token else {}
        self._timeout = timeout
        self._open: aiohttp.ClientSession | None = None

    async def parse(self, text: str) -> Understood:
        """What `text` means; nothing for a text of blanks. `Entity.start` counts in `text` as given."""
        plain = _ORDER.sub("", text)
        # Half of a surrogate pair is no character, and no UTF-8.
        read = plain[:LONGEST].rstrip().encode("utf-8", "replace").decode()
        if not read:
            return Understood(())
        body = await self._ask("POST", "/model/parse", {"text": read})
        return self._understood(body, offset=len(text) - len(plain))

    async def check(self) -> None:
        """Returns when the server has a model and would answer; raises `UnderstandingDown` with why not."""
        await self._ask("GET", "/status")

    async def ready(self) -> bool:
        """Whether `check` passes."""
        try:
            await self.check()
        except UnderstandingDown:
            return False
        return True

    async def close(self) -> None:
        """Closes the connections kept."""
        if self._open is not None:
            await self._open.close()
            self._open = None

    async def _ask(self, method: str, path: str, payload: dict[str, str] | None = None) -> bytes:
        with self._translated():
            async with asyncio.timeout(self._timeout):
                try:
                    return await self._exchange(method, path, payload)
                except aiohttp.ServerDisconnectedError:
                    # A connection kept from before was closed meanwhile; parsing keeps no state, so ask once more.
                    return await self._exchange(method, path, payload)

    async def _exchange(self, method: str, path: str, payload: dict[str, str] | None) -> bytes:
        address = self._where().rstrip("/") + path
        async with self._session().request(
            method, address, params=self._query, json=payload, allow_redirects=False
        ) as response:
            if response.status == HTTPStatus.CONFLICT:
                raise NoModel(self._said("has no model (HTTP 409): it could not load the one it was given"))
            if response.status != HTTPStatus.OK:
                raise self._down(_refusal(response.status))
            return await _bounded(response)

    def _session(self) -> aiohttp.ClientSession:
        if self._open is None:
            self._open = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None),
                connector=aiohttp.TCPConnector(keepalive_timeout=KEEP_ALIVE),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._open

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turns aiohttp's errors into ours, never with their text: it may quote the URL, which carries the token."""
        try:
            yield
        except TimeoutError as error:
            raise self._down(f"did not answer within {self._timeout:g} s") from error
        except aiohttp.ClientConnectorError as error:
            raise self._down(f"cannot be reached ({error.strerror})") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise self._down(f"cannot be talked to ({type(error).__name__})") from error

    def _understood(self, body: bytes, *, offset: int) -> Understood:
        try:
            parsed = _parsed.validate_json(body)
        except ValidationError as error:
            raise self._down("answered with something that is not Rasa's") from error
        intents = parsed.intent_ranking or [parsed.intent or _Intent()]
        ranking = [
            Guess(intent.name, intent.confidence) for intent in intents if intent.name and intent.name not in REFUSALS
        ]
        return Understood(
            ranking=tuple(sorted(ranking, key=lambda guess: -guess.confidence)),
            entities=tuple(entity.placed(offset) for entity in parsed.entities),
            refused=bool(parsed.intent and parsed.intent.name in REFUSALS),
        )

    def _down(self, what: str) -> UnderstandingDown:
        return UnderstandingDown(self._said(what))

    def _said(self, what: str) -> str:
        address = _SECRET.sub("//", self._where())
        return f"Rasa at {address} {what}; see understanding.url in config.yaml"


def _refusal(status: int) -> str:
    if status == HTTPStatus.UNAUTHORIZED:
        return "refuses our token (HTTP 401): set understanding.token to the server's"
    return f"answered with HTTP {status}"


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(65_536):
        body += chunk
        if len(body) > LARGEST:
            raise ValueError("more than an answer can be")
    return bytes(body)
