"""Files that persons send on X, fetched from where X keeps them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from http import HTTPStatus

import structlog

from channels.errors import ChannelError, Never
from channels.words import Attachment, Limits
from channels.x.api import Api, refusal, taken, translated
from channels.x.events import Media

log = structlog.get_logger()

#: Where X keeps files. Its own host wants to know who asks, and only that is told.
_ADDRESS = re.compile(r"https://(?:[a-z0-9-]+\.)+(twimg|twitter|x)\.com/[\w\-./%~?=&+,:]{0,1000}", re.ASCII)
PUBLIC = "twimg"

#: Addresses of files that are left.
MOST_NAMED = 100

#: Tries for one file, and the seconds between two.
TRIES = 3
PAUSE = 1.0


async def fetch(api: Api, wanted: Sequence[Media], limits: Limits) -> tuple[list[Attachment], list[str]]:
    """The files, and the addresses of those that cannot be had or are too many or too large."""
    files: list[Attachment] = []
    left = [one.url for one in wanted[limits.most_files :][:MOST_NAMED]]
    for one in wanted[: limits.most_files]:
        try:
            files.append(await _patiently(api, one, limits.file_bytes))
        except ChannelError as error:
            log.warning("file_left", platform="x", reason=str(error))
            left.append(one.url)
    return files, left


async def _patiently(api: Api, wanted: Media, most: int) -> Attachment:
    for _ in range(TRIES - 1):
        try:
            return await _file(api, wanted, most)
        except Never:
            raise
        except ChannelError:
            await asyncio.sleep(PAUSE)
    return await _file(api, wanted, most)


async def _file(api: Api, wanted: Media, most: int) -> Attachment:
    with translated():
        address = _ADDRESS.fullmatch(wanted.url)
        if not address:
            raise Never("a file that is not kept by X")
        headers = {} if address[1] == PUBLIC else api.signed(wanted.url)
        # A redirect could lead anywhere, into our own network too.
        async with (
            api.session() as session,
            session.get(wanted.url, headers=headers, allow_redirects=False) as response,
        ):
            if response.status != HTTPStatus.OK:
                raise refusal(response.status, response.headers, "for a file")
            data = await taken(response.content, most)
            if data is None:
                raise Never(f"a file of more than {most} bytes")
            return Attachment(name=wanted.name, media_type=wanted.media_type or response.content_type, data=data)
