"""HTTP to the provider: small answers, in time, from its own host or from public addresses."""

from __future__ import annotations

import asyncio
import json
import ssl
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.access.oidc.errors import ProviderAway
from bot.errors import Refused
from bot.public_address import public_address
from bot.webhooks.target import Resolve, resolve, target

#: Bytes of an answer.
LONGEST = 256_000


class Line:
    """The line to the provider of `issuer`. Redirects are not followed: where to ask is what discovery says."""

    def __init__(self, issuer: str, seconds: float, resolve: Resolve = resolve) -> None:
        self._home = _origin(issuer)
        self._seconds = seconds
        self._resolve = resolve

    async def get(self, url: str) -> dict[str, Any]:
        """The JSON object at `url`. Raises `ProviderAway`."""
        status, answer = await self._ask("GET", url, {}, None)
        if status != httpx.codes.OK:
            raise ProviderAway(f"the provider answered {status}")
        return answer

    async def post(self, url: str, headers: dict[str, str], form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of the answer to `form`. Raises `ProviderAway`."""
        return await self._ask("POST", url, headers, form)

    async def _ask(
        self, method: str, url: str, headers: dict[str, str], form: dict[str, str] | None
    ) -> tuple[int, dict[str, Any]]:
        try:
            async with asyncio.timeout(self._seconds), self._client() as client:
                request = await self._aimed(client.build_request(method, url, headers=headers, data=form))
                answer = await client.send(request, stream=True)
                return answer.status_code, _object(await _read(answer))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            # Nothing of the error itself: it may quote the address, and with it a code.
            raise ProviderAway(f"the provider gives no usable answer: {type(error).__name__}") from error

    def _client(self) -> httpx.AsyncClient:
        # One limit for all of an answer, in `_ask`: one for each part of it would never be reached by who drips.
        return httpx.AsyncClient(timeout=None, trust_env=False, verify=self._tls)  # noqa: S113

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Certificates as the system believes them, where a company's own is one of them."""
        return ssl.create_default_context()

    async def _aimed(self, request: httpx.Request) -> httpx.Request:
        """The request, connected to an address that was looked at where the host is not the issuer's own."""
        request.headers["Accept-Encoding"] = "identity"
        request.headers["Accept"] = "application/json"
        if _origin(str(request.url)) == self._home:
            return request
        try:
            found = await target(str(request.url), self._resolve, 0, allow_private=False)
        except Refused as error:
            raise ProviderAway("the provider names an address that is not public") from error
        request.url = httpx.URL(found.url)
        request.extensions = {**request.extensions, "sni_hostname": found.host}
        return request


def reachable(url: object) -> str:
    """An address of the provider's. Raises `ProviderAway` where it is none, or what goes there could be read."""
    found = str(url)
    try:
        public_address(found.partition("?")[0])
    except ValueError as error:
        raise ProviderAway("the provider names an address that is none") from error
    if not found.isascii() or not found.isprintable():
        raise ProviderAway("the provider names an address that is none")
    return found


async def _read(answer: httpx.Response) -> bytes:
    """The body as it came: what is packed stays so, and is no JSON. Raises `ValueError` where it is too long."""
    try:
        found = bytearray()
        async for part in answer.aiter_raw():
            found += part
            if len(found) > LONGEST:
                raise ValueError("too long")
        return bytes(found)
    finally:
        await answer.aclose()


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if isinstance(found, dict):
        return found
    raise ValueError("no object")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
