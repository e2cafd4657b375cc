"""What `frontdesk announce` works with: the channels for sending alone, the database, and texts from files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from bot import logs
from bot.announcing import Announcer
from bot.announcing_changes import Changes
from bot.check import built
from bot.commands.shared import configured
from bot.config_file import ConfigFile
from bot.conversation import now
from bot.errors import Refused
from bot.files import Files
from bot.host import clean_text
from bot.settings import Logs, Settings
from bot.store import announcements
from bot.store.announcement_tables import Post
from bot.store.announcements import Target
from bot.store.database import Database
from bot.store.inbox import KeptFile
from bot.store.lease import lease_on
from channels.base import Channel
from channels.words import Attachment

#: Characters of a text.
LONGEST_TEXT = 20_000
#: The name two announcers meet at; no channel is called like this.
LEASE = ":announcements"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where announcements are made."""

    settings: Settings
    channels: dict[str, Channel]
    database: Database
    files: Files

    def announcer(self, tell: Callable[[Post], None]) -> Announcer:
        """At work over all channels."""
        return Announcer(self.database, self.channels, self.files, self.settings.delivery, tell)

    def changes(self, tell: Callable[[Post], None]) -> Changes:
        """Of what was posted."""
        return Changes(self.announcer(tell), self.database, self.channels, self.settings.delivery)

    async def kept(self, path: Path | None) -> KeptFile | None:
        """The picture, on disk before anything names it. Raises `Refused`."""
        if path is None:
            return None
        try:
            data = path.read_bytes()
        except OSError as error:
            raise Refused(f"{path} cannot be read: {error.strerror}") from error
        (kept,) = await self.files.keep([Attachment(name=path.name, media_type="", data=data)])
        return kept

    async def create(self, targets: Sequence[Target], picture: KeptFile | None, created_by: str) -> int:
        """The number of a new announcement."""
        return await self.database.run(announcements.create, targets, picture, created_by, now())


@asynccontextmanager
async def desk(config: Path, *, alone: bool) -> AsyncIterator[Desk]:
    """Open while in use, beside a running `frontdesk up` or without it; `alone` it is refused beside another."""
    settings = configured(config)
    logs.configure(Logs(format=settings.logs.format, level="error"))
    channels = built(settings, ConfigFile(Path(config.name)))
    database = Database(settings.database.url)
    lease = lease_on(database, [LEASE] if alone else [])
    try:
        database.migrate()
        try:
            lease.take()
        except Refused as error:
            raise Refused("another `frontdesk announce` is at work on this database: let it end first") from error
        yield Desk(settings, channels, database, Files(settings.folders.var / "files"))
    finally:
        for channel in channels.values():
            await channel.close()
        lease.release()
        database.close()


def texts_of(options: Sequence[str]) -> dict[str, str]:
    """Markdown by language, of options like `en=FILE`. Raises `Refused`."""
    texts: dict[str, str] = {}
    if sum(option.endswith("=-") for option in options) > 1:
        raise Refused("only one text can come from standard input")
    for option in options:
        language, given, name = option.partition("=")
        if not given or not name or len(language) != len("en") or not language.islower():
            raise Refused(f"--text {option}: write it as en=FILE, or en=- for standard input")
        if language in texts:
            raise Refused(f"there are two texts in {language}")
        texts[language] = _text(option, name)
    return texts


def _text(option: str, name: str) -> str:
    try:
        raw = typer.get_binary_stream("stdin").read() if name == "-" else Path(name).read_bytes()
        text = clean_text(raw.decode("utf-8-sig")).strip()
    except OSError as error:
        raise Refused(f"--text {option}: it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Refused(f"--text {option}: it is not text in UTF-8") from error
    if not text:
        raise Refused(f"--text {option}: it is empty")
    if len(text) > LONGEST_TEXT:
        raise Refused(f"--text {option}: {len(text):,} characters; an announcement has at most {LONGEST_TEXT:,}")
    return text
