"""The REST side of Discord: the library's client, told where to go, that waits only where a caller can afford it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import discord
from discord.http import HTTPClient, Ratelimit, Route

from channels.discord.settings import DiscordSettings

# Below that the library writes payloads down: what people say, the tokens of their interactions, ids of sessions.
logging.getLogger("discord").setLevel(logging.WARNING)

#: Seconds a request waits for its turn in a bucket; whoever would wait longer is told so instead.
LONGEST_WAIT = 5.0
#: Requests let into a bucket whose size is not known yet.
UNKNOWN_BUCKET = 5
#: Seconds until an answer must be there, and until a line must stand.
TIMEOUT = aiohttp.ClientTimeout(total=25, sock_connect=10)
#: Bytes read of an answer that says no.
LONGEST_REFUSAL = 10_000
TOO_MANY, SERVER_ERROR = 429, 500


class Paused(Exception):
    """Discord wants no request for `after` seconds. Nothing was done."""

    def __init__(self, after: float) -> None:
        super().__init__(f"a pause of {after:g} s was asked for")
        self.after = after


class Broken(Exception):
    """Discord answered with an error of its own, `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class Bucket(Ratelimit):
    """A rate limit that is waited for before a request, never after it: the library's holds an answer back for that."""

    def __init__(self, max_ratelimit_timeout: float | None) -> None:
        super().__init__(max_ratelimit_timeout)
        self.limit = self.remaining = UNKNOWN_BUCKET

    async def acquire(self) -> None:
        """Raises `Paused` where it would take too long."""
        while True:
            self._last_request = self._loop.time()
            if self.is_expired():
                self.reset()  # type: ignore[no-untyped-call]  # the library left it out
            if self.remaining > 0:
                break
            pause = max(self.expires - self._loop.time(), 0.0) if self.expires is not None else 0.1
            if pause > LONGEST_WAIT:
                raise Paused(pause)
            await asyncio.sleep(pause + 0.01)
        self.remaining -= 1
        self.outgoing += 1

    async def __aexit__(self, *_: object) -> None:
        self.outgoing -= 1
        if self.expires is None:
            # No answer has named a window whose end would give it back: an outage must not use up the bucket for good.
            self.remaining = self.limit - self.outgoing


class Http(HTTPClient):
    """The library's client for one bot; the addresses are its own, where the library's are everybody's."""

    def __init__(self, settings: DiscordSettings) -> None:
        trace = aiohttp.TraceConfig()
        # The library would try five times, up to 25 seconds, with the caller none the wiser.
        trace.on_request_end.append(_refuse)
        super().__init__(asyncio.get_running_loop(), http_trace=trace)
        self._api, self._gateway = settings.api_url, settings.gateway_url

    def get_ratelimit(self, key: str) -> Ratelimit:
        if key not in self._buckets:
            self._buckets[key] = Bucket(None)
            self._try_clear_expired_ratelimits()
        return self._buckets[key]

    async def request(
        self,
        route: Route,
        *,
        files: Sequence[discord.File] | None = None,
        form: Iterable[dict[str, Any]] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Raises `Paused` and `Broken` besides what the library's raises."""
        route.url = self._api + route.url.removeprefix(Route.BASE)
        return await super().request(route, files=files, form=form, timeout=TIMEOUT, **kwargs)

    async def ws_connect(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        if self._gateway:
            url = urlsplit(self._gateway)._replace(query=urlsplit(url).query).geturl()
        return await super().ws_connect(url, compress=compress)


class Line:
    """Logged in while somebody needs it: opened by the first who enters, closed by the last who leaves."""

    def __init__(self, settings: DiscordSettings) -> None:
        self._settings = settings
        self._opening = asyncio.Lock()
        self._http: Http | None = None
        self._users = 0
        #: The bot's user id, once known.
        self.account = ""

    async def __aenter__(self) -> Http:
        async with self._opening:
            http = self._http or await self._open()
            self._http = http
            self._users += 1
            return http

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._users -= 1
        if not self._users and self._http:
            http, self._http = self._http, None
            await http.close()

    async def _open(self) -> Http:
        http = Http(self._settings)
        try:
            user = await http.static_login(self._settings.token.get_secret_value())
            self.account = str(user["id"])
        except BaseException:
            await http.close()
            raise
        return http


async def _refuse(_: aiohttp.ClientSession, __: object, params: aiohttp.TraceRequestEndParams) -> None:
    response = params.response
    if response.status == TOO_MANY:
        raise Paused(_pause(await response.content.read(LONGEST_REFUSAL), response.headers.get("Retry-After", "")))
    if response.status >= SERVER_ERROR:
        raise Broken(response.status)


def _pause(body: bytes, header: str) -> float:
    """Seconds, by the body, else by the header, else a guess: Cloudflare answers with a page."""
    try:
        seconds = float(json.loads(body)["retry_after"])
    except (ValueError, KeyError, TypeError):
        seconds = float(header) if header.isdecimal() else 30.0
    return min(max(seconds, 0.1), 86_400.0)
