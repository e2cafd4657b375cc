"""Frontdesk's own secret: the key that signs visitors' tokens, made once and never again."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from tempfile import NamedTemporaryFile

from bot.errors import StorageDown

#: Bytes.
LENGTH = 32


def key(path: Path) -> bytes:
    """The secret in `path`, made at the first start; whoever starts at the same time gets the same one.

    Raises `StorageDown` where it can be neither read nor made, or is not a key.
    """
    try:
        if not path.exists():
            _make(path)
        found = path.read_bytes()
    except OSError as error:
        raise StorageDown(f"the key file {path} cannot be used: {error.strerror}") from error
    if len(found) != LENGTH:
        raise StorageDown(
            f"the key file {path} has {len(found)} bytes instead of {LENGTH}: bring it back from a backup, "
            "or remove it, and every visitor begins anew"
        )
    return found


def _make(path: Path) -> None:
    """The file appears whole or not at all, readable by this user alone, and survives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=path.name) as draft:
        draft.write(secrets.token_bytes(LENGTH))
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)
        except FileExistsError:
            # Somebody else was faster, and theirs is used already.
            return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
