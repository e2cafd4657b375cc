"""Files people send: fetched at once, since the links to them expire."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog

from channels.discord.settings import DiscordSettings
from channels.words import Attachment, Inbound, Limits

log = structlog.get_logger()

#: Where Discord keeps what people send.
HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
TRIES = 3
#: Files that are left and named in the text, and characters of a name there.
MOST_NAMED, LONGEST_NAMED = 100, 100
TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=10)


class Files:
    """Fetches; open while in use."""

    def __init__(self, settings: DiscordSettings, limits: Limits) -> None:
        self._session = aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        self._own = urlsplit(settings.api_url)
        self._limits = limits

    async def close(self) -> None:
        await self._session.close()

    async def with_files(self, inbound: Inbound, listed: Sequence[Mapping[str, Any]]) -> Inbound:
        """The message with its files; those that are too many, too large or gone are named in its text."""
        files, left = await self.fetched(listed)
        named = [f"📎 {name[:LONGEST_NAMED]}" for name in left[:MOST_NAMED]]
        text = "\n".join([inbound.text, *named]) if named else inbound.text
        return replace(inbound, text=text.strip("\n"), attachments=files)

    async def fetched(self, listed: Sequence[Mapping[str, Any]]) -> tuple[list[Attachment], list[str]]:
        """The files, and the names of those that are too many, too large or gone."""
        found = [await self._fetch(each) for each in listed[: self._limits.most_files]]
        left = [_name(each) for each, file in zip(listed, found, strict=False) if file is None]
        left += map(_name, listed[self._limits.most_files :])
        return [file for file in found if file], left

    async def _fetch(self, listed: Mapping[str, Any]) -> Attachment | None:
        url, size = self._ours(listed.get("url")), listed.get("size")
        if url is None or not isinstance(size, int) or size > self._limits.file_bytes:
            return None
        for pause in range(TRIES):
            await asyncio.sleep(pause)
            try:
                data = await self._read(url)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                log.warning("discord_file_failed", reason=type(error).__name__)
                continue
            kind = str(listed.get("content_type") or "application/octet-stream").partition(";")[0]
            return Attachment(name=_name(listed), media_type=kind, data=data) if data is not None else None
        return None

    def _ours(self, link: object) -> str | None:
        """Only what Discord keeps is fetched, whatever a payload says."""
        try:
            url = urlsplit(str(link))
            kept = url.scheme == "https" and url.hostname in HOSTS and url.port is None
        except ValueError:
            return None
        return str(link) if kept or (url.scheme, url.netloc) == (self._own.scheme, self._own.netloc) else None

    async def _read(self, url: str) -> bytes | None:
        """None for a file that is gone or larger than it said."""
        async with self._session.get(url, allow_redirects=False) as response:
            if response.status != 200:  # noqa: PLR2004 - HTTP's own number
                if response.status >= 500:  # noqa: PLR2004 - the same
                    response.raise_for_status()
                return None
            data = bytearray()
            async for piece in response.content.iter_chunked(65_536):
                data += piece
                if len(data) > self._limits.file_bytes:
                    return None
            return bytes(data)


def _name(listed: Mapping[str, Any]) -> str:
    return str(listed.get("filename") or "file")[:200]
