"""The key is made once, and nothing else is taken for it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from bot import secret
from bot.errors import StorageDown


def test_the_key_is_made_once(tmp_path: Path) -> None:
    """Whoever asks later gets the same; nobody but its owner may read it; no draft is left."""
    path = tmp_path / "var" / "secret.key"
    first = secret.key(path)
    assert len(first) == 32
    assert secret.key(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_who_starts_at_the_same_time_gets_the_same_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have seen that there is none, and both have made one: the first that is in place is everybody's."""
    both = Barrier(2)
    made: Callable[[int], bytes] = secrets.token_bytes

    def together(size: int) -> bytes:
        both.wait(timeout=10)
        return made(size)

    monkeypatch.setattr(secrets, "token_bytes", together)
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(secret.key, [tmp_path / "secret.key"] * 2)
    assert first == second == (tmp_path / "secret.key").read_bytes()


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_a_damaged_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file cut short signs nothing, and is not replaced: every visitor's token hangs on it."""
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    with pytest.raises(StorageDown, match=r"secret\.key has \d+ bytes instead of 32"):
        secret.key(path)
    assert path.read_bytes() == content


def test_a_key_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """With the path, not with a traceback."""
    (tmp_path / "var").touch()
    with pytest.raises(StorageDown, match=r"var/secret\.key cannot be used"):
        secret.key(tmp_path / "var" / "secret.key")
