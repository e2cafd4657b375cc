"""Files people send, kept once each under the sha256 of their bytes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

import filetype  # type: ignore[import-untyped]  # the package ships no type information

from bot.errors import StorageDown
from bot.store.inbox import KeptFile
from bot.store.tables import File
from channels.words import Attachment, StoredFile

#: Characters of a file's name that are kept.
LONGEST_NAME = 120


class Files:
    """A folder of files. Every method may raise `StorageDown`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def keep(self, attachments: Sequence[Attachment]) -> list[KeptFile]:
        """Writes the bytes to disk; a message that names them may be stored afterwards."""
        return [await asyncio.to_thread(self._keep, attachment) for attachment in attachments]

    def stored(self, file: File) -> StoredFile:
        """The file as channels see it."""
        return StoredFile(
            id=file.id, name=file.name, media_type=file.media_type, size=file.size, path=self._path(file.sha256)
        )

    def picture(self, kept: KeptFile) -> StoredFile:
        """A file that belongs to no message: of an announcement."""
        return StoredFile(
            id=0, name=kept.name, media_type=kept.media_type, size=kept.size, path=self._path(kept.sha256)
        )

    def _keep(self, attachment: Attachment) -> KeptFile:
        digest = sha256(attachment.data).hexdigest()
        path = self._path(digest)
        if not path.exists():
            _write(path, attachment.data)
        return KeptFile(_plain_name(attachment.name), _media_type(attachment.data), len(attachment.data), digest)

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A name of its own for each try: the same file may be coming in twice at once.
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).rename(path)
            except OSError:
                Path(file.name).unlink()
                raise
    except OSError as error:
        raise StorageDown(f"a file could not be kept in {path.parent.parent}: {error.strerror}") from error


def _media_type(data: bytes) -> str:
    found = filetype.guess_mime(data)
    return str(found) if found else "text/plain" if _is_text(data) else "application/octet-stream"


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode()
    except UnicodeDecodeError:
        return False


def _plain_name(name: str) -> str:
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable())[-LONGEST_NAME:] or "file"
