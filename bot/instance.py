"""One `frontdesk up` at a time on a folder, and how commands beside it find its Rasa."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.errors import Refused
from bot.understanding import Understanding


@dataclass(frozen=True, slots=True)
class Running:
    """A Rasa server of ours that somebody started."""

    url: str
    token: str
    #: Path of the model it serves.
    model: str


@contextlib.contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Holds the lock of the folder `var`. Raises `Refused` where another process has it."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "frontdesk.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(f"frontdesk is running already on {var.absolute()}; stop it, or set folders.var") from error
        yield


def runs(var: Path) -> bool:
    """Whether a Frontdesk runs on the folder `var` now."""
    try:
        with only_one(var):
            return False
    except Refused:
        return True


def announce(var: Path, running: Running) -> None:
    """Leaves word where Rasa is, readable by this user alone."""
    draft = _place(var).with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(running)), encoding="utf-8")
    draft.rename(_place(var))


def withdraw(var: Path) -> None:
    """Rasa is no longer there."""
    _place(var).unlink(missing_ok=True)


def found(var: Path, model: Path) -> Running | None:
    """A Rasa said to serve `model`; whether it still does is to be asked."""
    try:
        running = Running(**json.loads(_place(var).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return running if running.model == str(model.absolute()) else None


async def answering(var: Path, model: Path) -> Running | None:
    """A Rasa of a `frontdesk up` beside us that serves `model` and answers."""
    running = found(var, model)
    if running is None:
        return None
    client = Understanding(lambda: running.url, running.token)
    try:
        return running if await client.ready() else None
    finally:
        await client.close()


def _place(var: Path) -> Path:
    return var / "rasa.json"
