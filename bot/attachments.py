"""Files that agents send: refused before anything is written where the ticket's channel could not carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.conversation import now
from bot.errors import Refused
from bot.files import Files
from bot.store import handling, uploads
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

    async def put_up(self, number: str, agent: str, name: str, data: bytes) -> int:
        """The id by which `agent` sends the file with an answer to the ticket."""
        (kept,) = await self.keep(number, [Attachment(name=name, media_type="", data=data)])
        return await self._database.run(uploads.put_up, number, agent, kept, now())

    async def put_up_by(self, number: str, agent: str, ids: Sequence[int]) -> list[KeptFile]:
        """The agent's files for the ticket, as many as an answer can carry, for `Tickets.reply`."""
        if not ids:
            return []
        if len(set(ids)) > (most := (await self.limits(number)).most_files):
            raise Refused(f"these are {len(set(ids))} files; {most} is the limit there")
        return await self._database.run(uploads.put_up_by, number, agent, list(dict.fromkeys(ids)))

    async def sent(self, agent: str, ids: Sequence[int]) -> None:
        """They are with an answer."""
        if ids:
            await self._database.run(uploads.sent, agent, ids)


def check(attachments: Sequence[Attachment], limits: Limits) -> None:
    """Raises `Refused` where the files are too many, too large or empty for `limits`."""
    if len(attachments) > limits.most_files:
        raise Refused(f"these are {len(attachments)} files; {limits.most_files} is the limit there")
    for number, file in enumerate(attachments, 1):
        if not file.data:
            raise Refused(f"file {number} is empty")
        if len(file.data) > limits.file_bytes:
            raise Refused(f"file {number} has {len(file.data):,} bytes; {limits.file_bytes:,} is the limit there")
