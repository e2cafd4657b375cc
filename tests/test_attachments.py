"""Files of agents are kept where they can be carried, under plain names, and refused with the reason where not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.attachments import Attachments
from bot.errors import NotFound, Refused
from bot.files import Files
from bot.store.database import Database
from channels.memory import Memory
from channels.words import Attachment, Limits
from tests.samples import escalated

LIMITS = Limits(files=True, file_bytes=10, most_files=2)


def file(name: str = "a.txt", data: bytes = b"hello") -> Attachment:
    """Something an agent attaches."""
    return Attachment(name=name, media_type="", data=data)


def at(database: Database, folder: Path, limits: Limits = LIMITS, channel: str = "memory") -> Attachments:
    """Attachments for one channel."""
    return Attachments(database, Files(folder), {channel: Memory(channel, limits=limits)})


async def test_kept_under_a_plain_name(sqlite: Database, tmp_path: Path) -> None:
    r"""A name is what stands behind the last / or \, without marks that reorder it; the bytes are on disk."""
    escalated(sqlite)
    names = ["..\\..\\x.exe", "/etc/pass\u202ewd"]
    kept = await at(sqlite, tmp_path).keep("FD-1001", [file(name) for name in names])
    assert [one.name for one in kept] == ["x.exe", "passwd"]
    assert (tmp_path / kept[0].sha256[:2] / kept[0].sha256).read_bytes() == b"hello"


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([file(data=b"x" * 11)], "file 1 has 11 bytes; 10 is the limit"),
        ([file()] * 3, "these are 3 files; 2 is the limit"),
        ([file(), file(data=b"")], "file 2 is empty"),
    ],
)
async def test_what_the_channel_cannot_carry_is_refused(
    sqlite: Database, tmp_path: Path, files: list[Attachment], why: str
) -> None:
    """Too large, too many, empty: nothing is kept of any."""
    escalated(sqlite)
    with pytest.raises(Refused, match=why):
        await at(sqlite, tmp_path).keep("FD-1001", files)
    assert list(tmp_path.rglob("??/*")) == []


async def test_where_no_file_can_go(sqlite: Database, tmp_path: Path) -> None:
    """A channel without files, one that is not configured, a ticket that is none: each says which it is."""
    escalated(sqlite)
    with pytest.raises(Refused, match="memory carries no files"):
        await at(sqlite, tmp_path, Limits()).keep("FD-1001", [file()])
    with pytest.raises(Refused, match="memory is not configured here"):
        await at(sqlite, tmp_path, channel="other").keep("FD-1001", [file()])
    with pytest.raises(NotFound):
        await at(sqlite, tmp_path).keep("FD-7", [file()])
    assert await at(sqlite, tmp_path, Limits()).keep("FD-1001", []) == []
