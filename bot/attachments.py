"""Files that agents send: refused before anything is written where the ticket's channel could not carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.errors import Refused
from bot.files import Files
from bot.store import handling
from bot.store.database import Database
from bot.store.inbox import KeptFile
from channels.base import Channel
from channels.words import Attachment, Limits


class Attachments:
    """Files for answers. Methods raise `NotFound`, `Refused` or `StorageDown`."""

    def __init__(self, database: Database, files: Files, channels: Mapping[str, Channel]) -> None:
        self._database = database
        self._files = files
        self._channels = channels

    async def limits(self, number: str) -> Limits:
        """What can be carried where an answer to the ticket goes; `Refused` where no file can."""
        name, place = await self._database.run(handling.place, number)
        if name not in self._channels:
            raise Refused(f"the channel {name} is not configured here")
        limits = self._channels[name].limits_at(place)
        if not limits.files:
            raise Refused(f"{name} carries no files: write what is in it, or a link to it")
        return limits

    async def keep(self, number: str, attachments: Sequence[Attachment]) -> list[KeptFile]:
        """The files on disk, with plain names, for `Tickets.reply`."""
        if not attachments:
            return []
        check(attachments, await self.limits(number))
        return await self._files.keep(attachments)


def check(attachments: Sequence[Attachment], limits: Limits) -> None:
    """Raises `Refused` where the files are too many, too large or empty for `limits`."""
    if len(attachments) > limits.most_files:
        raise Refused(f"these are {len(attachments)} files; {limits.most_files} is the limit there")
    for number, file in enumerate(attachments, 1):
        if not file.data:
            raise Refused(f"file {number} is empty")
        if len(file.data) > limits.file_bytes:
            raise Refused(f"file {number} has {len(file.data):,} bytes; {limits.file_bytes:,} is the limit there")
