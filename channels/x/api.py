"""X over its API v2: one request through tweepy, what came back, or what to do about it."""

from __future__ import annotations

import json
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any

import aiohttp
from oauthlib.oauth1 import Client as Signer  # type: ignore[import-untyped]  # it has no types
from tweepy.asynchronous import AsyncClient  # type: ignore[import-untyped]  # it has no types

from channels.errors import ChannelError, Gone, MayHaveArrived, Never, NotYet, TryAgain
from channels.x.settings import XSettings

# Both write the headers of every request, and so the access token, into their debug log.
for _talkative in ("tweepy", "oauthlib"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)

#: Bytes of an answer that are read: a hundred posts of 25,000 characters with their expansions; and of an error.
LONGEST_ANSWER = 20_000_000
LONGEST_ERROR = 20_000
LONGEST_REASON = 200

#: Seconds: to connect, and without a byte.
PATIENCE = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)

#: Seconds: the longest window of X is a day.
LONGEST_PAUSE = 25 * 3600.0
#: Seconds after which an account without credit is tried again.
UNPAID_PAUSE = 3600.0

#: The first digit of a status.
SUCCESS = 2
REFUSED = 4
#: A way to X gave up waiting for it; it may have done what was asked.
UNSURE = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT}

KEYS = "check api_key, api_secret, access_token and access_secret"

#: Requests left in each window, and when it begins anew, in seconds since 1970.
_WINDOWS = (
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
    ("x-user-limit-24hour-remaining", "x-user-limit-24hour-reset"),
    ("x-app-limit-24hour-remaining", "x-app-limit-24hour-reset"),
)

#: Digits of a moment.
LONGEST_MOMENT = 12

#: tweepy is untyped: what it is asked for, and what it gives back.
Call = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What X says. `pause` is set where that was the last request of a window: seconds until the next."""

    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(repr=False)
    pause: float | None


class Api:
    """Speaks as one account, over a new connection for each request.

    A kept connection may be closed by X at any moment; what is sent on it then may have arrived. A new one costs a
    handshake and leaves no doubt.
    """

    def __init__(self, settings: XSettings) -> None:
        self._settings = settings

    async def ask(self, call: Call) -> Answer:
        """Raises `TryAgain`, `Never` or `MayHaveArrived`, and never with a secret in it."""
        return await self._asked(lambda session: call(self._client(session)))

    async def post_form(self, url: str, form: Callable[[], aiohttp.FormData]) -> Answer:
        """`ask`, for what tweepy cannot: a form, whose fields OAuth 1.0a leaves unsigned."""

        async def call(session: aiohttp.ClientSession) -> Any:
            headers = self.signed(url, "POST")
            async with session.post(url, data=form(), headers=headers, allow_redirects=False) as response:
                return await response.json()

        return await self._asked(call)

    async def _asked(self, call: Callable[[aiohttp.ClientSession], Awaitable[Any]]) -> Answer:
        headers: dict[str, str] = {}

        async def check(response: aiohttp.ClientResponse) -> None:
            headers.update((name.lower(), value) for name, value in response.headers.items())
            # Before tweepy reads it: an error page that is no JSON, or a reset that is no number, breaks it.
            if response.status // 100 != SUCCESS:
                raise refusal(response.status, headers, self._clean(await _reason(response)))

        with translated():
            async with self.session(check) as session:
                body = await call(session)
            if not isinstance(body, dict):
                raise MayHaveArrived("X answers with something else than an object")
        return Answer(body, headers, pause(headers))

    @asynccontextmanager
    async def session(
        self, check: Callable[[aiohttp.ClientResponse], Awaitable[None]] | None = None
    ) -> AsyncIterator[aiohttp.ClientSession]:
        """For one request, whose answer `check` sees first, whatever its status."""
        proxy = self._settings.proxy
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._trust),
            proxy=proxy.get_secret_value() if proxy else None,
            timeout=PATIENCE,
            response_class=_Bounded,
            raise_for_status=check or False,
        ) as session:
            yield session

    @cached_property
    def _trust(self) -> ssl.SSLContext | bool:
        """Raises `TryAgain` where `ca_bundle` cannot be read."""
        bundle = self._settings.ca_bundle
        try:
            return ssl.create_default_context(cafile=bundle) if bundle else True
        except OSError as error:
            raise TryAgain(f"ca_bundle: {type(error).__name__}") from error

    def signed(self, url: str, method: str = "GET") -> Mapping[str, str]:
        """The headers that let us read `url`, or write to it."""
        settings = self._settings
        signer = Signer(
            settings.api_key.get_secret_value(),
            settings.api_secret.get_secret_value(),
            settings.access_token.get_secret_value(),
            settings.access_secret.get_secret_value(),
        )
        headers: dict[str, str] = signer.sign(url, method)[1]
        return headers

    def _client(self, session: aiohttp.ClientSession) -> Any:
        settings = self._settings
        # wait_on_rate_limit fails after its sleep, and without a reset it asks again at once: pauses are ours.
        client = AsyncClient(
            consumer_key=settings.api_key.get_secret_value(),
            consumer_secret=settings.api_secret.get_secret_value(),
            access_token=settings.access_token.get_secret_value(),
            access_token_secret=settings.access_secret.get_secret_value(),
            return_type=dict,
            wait_on_rate_limit=False,
        )
        client.session = session
        return client

    def _clean(self, reason: str) -> str:
        settings = self._settings
        for secret in (settings.api_key, settings.api_secret, settings.access_token, settings.access_secret):
            reason = reason.replace(secret.get_secret_value(), "…")
        return reason[:LONGEST_REASON]


class translated:  # noqa: N801 - reads as a word
    """Within it, what aiohttp and tweepy raise becomes an error of the contract."""

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case None | ChannelError():
                return
            case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
                raise TryAgain(f"X is out of reach: {error}"[:LONGEST_REASON]) from error
            case aiohttp.ClientHttpProxyError(status=status):
                # It may quote the address, and so the proxy's password.
                raise TryAgain(f"X is out of reach: the proxy answers {status}") from None
            case Exception():
                # Not `from error`: it may quote the request, and so the access token.
                raise MayHaveArrived(f"no answer of X that can be read: {type(error).__name__}") from None


class _Bounded(aiohttp.ClientResponse):
    """An answer that is read up to `LONGEST_ANSWER`."""

    async def read(self) -> bytes:
        if self._body is None:
            body = await taken(self.content, LONGEST_ANSWER)
            if body is None:
                raise aiohttp.ClientPayloadError("too long")
            self._body = body
        return self._body


async def taken(content: aiohttp.StreamReader, most: int) -> bytes | None:
    """All of it, or None where it is more than `most` bytes."""
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def pause(headers: Mapping[str, str]) -> float | None:
    """Seconds until the last of the windows that are used up begins anew; None where none is."""
    resets = [headers.get(reset, "") for left, reset in _WINDOWS if headers.get(left) == "0"]
    return _until(resets)


def refusal(status: int, headers: Mapping[str, str], reason: str) -> ChannelError:
    """What to do after an answer that is no success."""
    told = f"X answers {status}: {reason}" if reason else f"X answers {status}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        after = pause(headers) or _until([headers.get("x-rate-limit-reset", "")])
        return TryAgain(told) if after is None else NotYet(told, after)
    # "Duplicate" is perhaps our own, of a try whose answer got lost.
    if status in UNSURE or (status == HTTPStatus.FORBIDDEN and "duplicate" in reason.lower()):
        return MayHaveArrived(told)
    if status == HTTPStatus.UNAUTHORIZED:
        return TryAgain(f"{told}; {KEYS}")
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return TryAgain(f"{told}; the account has no credit left", UNPAID_PAUSE)
    if status == HTTPStatus.NOT_FOUND:
        return Gone(told)
    return Never(told) if status // 100 == REFUSED else TryAgain(told)


def _until(resets: list[str]) -> float | None:
    """Seconds until the last of these moments, as X writes them; None where none can be read."""
    moments = [int(reset) for reset in resets if reset.isascii() and reset.isdigit() and len(reset) <= LONGEST_MOMENT]
    return min(max(max(moments) - time.time(), 0.0), LONGEST_PAUSE) if moments else None


async def _reason(response: aiohttp.ClientResponse) -> str:
    """What X says is wrong, where it says so in JSON."""
    body = await taken(response.content, LONGEST_ERROR)
    try:
        found = json.loads(body or b"")
    except (ValueError, RecursionError):
        return ""
    if not isinstance(found, dict):
        return ""
    errors = found.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    inner = first.get("message") if isinstance(first, dict) else None
    return next((text for text in (found.get("detail"), inner, found.get("title")) if isinstance(text, str)), "")
