"""A Rasa project, and its command line as a process of ours in its own Python."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, STDOUT, Process
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bot.errors import Misconfigured, Problem

#: Seconds for a clean end, after which it is killed.
GRACE = 4.0
#: Bytes of one line of output; a progress bar that redraws itself is one line to its end.
LONGEST_LINE = 1_000_000

_QUIET = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore",
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
#: Our settings, secrets among them, and what belongs to our own Python are not Rasa's business.
_OURS = ("FRONTDESK_", "PYTHON", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class RasaProject:
    """A folder with config.yml, domain.yml, data/ and serve.py, and the Python 3.10 that has Rasa."""

    folder: Path
    #: None for the folder's own environment, `.venv`.
    interpreter: Path | None = None

    @property
    def python(self) -> Path:
        return (self.interpreter or self.folder / ".venv" / "bin" / "python").absolute()

    async def start(self, *arguments: str, output: int | IO[bytes], **variables: str) -> Process:
        """Runs `rasa` with `arguments`, in a process group of its own.

        Raises `Misconfigured` where Rasa is not installed.
        """
        if not self.python.exists():
            missing = Problem(str(self.python), "folders.intents", "no Python with Rasa", "run make install")
            raise Misconfigured([missing])
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        return await asyncio.create_subprocess_exec(
            self.python,
            "serve.py",
            *arguments,
            cwd=self.folder,
            env=inherited | _QUIET | {"FRONTDESK_PARENT": str(os.getpid())} | variables,
            stdin=DEVNULL,
            stdout=output,
            stderr=STDOUT,
            start_new_session=True,
            limit=LONGEST_LINE,
        )


async def end(process: Process) -> None:
    """Ends the process group of `process`, within `GRACE` seconds and a moment."""
    _signal(process, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), GRACE)
    except TimeoutError:
        _signal(process, signal.SIGKILL)
        await process.wait()


def _signal(process: Process, number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
