"""Files are kept once each, under what they are and not what they claim to be."""

from __future__ import annotations

import asyncio
import resource
import signal
from hashlib import sha256
from pathlib import Path

import pytest

from bot.errors import StorageDown
from bot.files import LONGEST_NAME, Files
from bot.store.tables import File
from channels.words import Attachment

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000")


def attachment(data: bytes = PNG, name: str = "proof.png", media_type: str = "image/png") -> Attachment:
    """A file as it came in."""
    return Attachment(name=name, media_type=media_type, data=data)


async def test_bytes_lie_under_their_digest(tmp_path: Path) -> None:
    """A kept file is found again, whole, by the digest in its row."""
    files = Files(tmp_path)
    (kept,) = await files.keep([attachment()])
    assert (kept.name, kept.media_type, kept.size, kept.sha256) == (
        "proof.png",
        "image/png",
        len(PNG),
        sha256(PNG).hexdigest(),
    )
    row = File(
        id=7, message_id=1, conversation_id=1, name=kept.name, media_type="image/png", size=1, sha256=kept.sha256
    )
    stored = files.stored(row)
    assert (stored.id, stored.name) == (7, "proof.png")
    assert stored.path.read_bytes() == PNG


async def test_same_bytes_are_kept_once(tmp_path: Path) -> None:
    """The same file under two names is one file on disk, and no drafts are left."""
    files = Files(tmp_path)
    await files.keep([attachment(), attachment(name="again.png")])
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [sha256(PNG).hexdigest()]


async def test_same_file_may_come_twice_at_once(tmp_path: Path) -> None:
    """Eight deliveries of one large file at the same moment all keep it, whole."""
    for number in range(5):
        data = bytes([number]) * 2_000_000
        files = Files(tmp_path)
        await asyncio.gather(*(files.keep([attachment(data)]) for _ in range(8)))
        assert files._path(sha256(data).hexdigest()).read_bytes() == data
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 5


@pytest.mark.parametrize(
    ("data", "claimed", "found"),
    [
        (PNG, "text/html", "image/png"),
        (b"<script>alert(1)</script>", "image/png", "text/plain"),
        (b"MZ\x90\x00\x03" + b"\x00" * 64, "image/png", "application/x-msdownload"),
        ("转账记录".encode(), "application/pdf", "text/plain"),
        (b"\xff\xfe\x00\x01", "text/plain", "application/octet-stream"),
        (b"", "image/png", "text/plain"),
    ],
    ids=["picture", "script", "program", "text", "bytes", "nothing"],
)
async def test_type_is_read_off_the_bytes(tmp_path: Path, data: bytes, claimed: str, found: str) -> None:
    """Whatever the sender claims, the type is what the bytes are, and never one a browser would run."""
    (kept,) = await Files(tmp_path).keep([attachment(data, media_type=claimed)])
    assert kept.media_type == found


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\proof.png", "proof.png"),
        ("a\nb\x00c\u202egpj.exe", "abcgpj.exe"),
        ("", "file"),
        ("folder/", "file"),
        ("截图.png", "截图.png"),
        ("x" * 500 + ".png", "x" * (LONGEST_NAME - 4) + ".png"),
    ],
)
async def test_name_is_a_plain_name(tmp_path: Path, name: str, kept: str) -> None:
    """No path, no control or reordering character, no name without end, and the ending stays visible."""
    (file,) = await Files(tmp_path).keep([attachment(name=name)])
    assert file.name == kept


async def test_folder_that_cannot_be_written_is_storage_down(tmp_path: Path) -> None:
    """Where the bytes cannot be kept the caller is told so, and no half of them is left."""
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(StorageDown, match="could not be kept"):
        await Files(tmp_path / "files").keep([attachment()])
    digest = sha256(PNG).hexdigest()
    folder = tmp_path / "other"
    (folder / digest[:2]).parent.mkdir()
    (folder / digest[:2]).write_text("in the way")
    with pytest.raises(StorageDown, match="could not be kept"):
        await Files(folder).keep([attachment()])


async def test_full_disk_leaves_no_draft(tmp_path: Path) -> None:
    """A disk that fills up while a file is written is StorageDown, and the draft is removed."""
    files = Files(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(StorageDown, match="could not be kept"):
            await files.keep([attachment(b"x" * 100_000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
