"""Rasa as a child of ours: its own Python, its process, its log, its restart."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

import structlog

from bot.errors import Misconfigured, NoModel, Problem, UnderstandingDown
from bot.understanding import Understanding

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Seconds between two questions whether it is ready, and until a start counts as failed.
PROBE = 0.1
LONGEST_START = 180.0
#: Seconds between death and restart: doubled with every start that never became ready.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
#: Seconds for a clean end, after which it is killed.
GRACE = 4.0
#: Seconds a process with a successor goes on answering what it was asked before.
DRAIN = 6.0
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


class State(StrEnum):
    """What Rasa is doing."""

    STARTING = "starting"
    READY = "ready"
    DOWN = "down"


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


@dataclass(frozen=True, slots=True)
class _Child:
    """A process, where it listens, and the archive it answers from."""

    process: Process
    url: str
    model: Path


class RasaServer:
    """A Rasa server with `model` on a port of loopback, started again whenever it dies.

    `log` is Rasa's output since `run`; the one before is kept beside it as `<log>.1`.
    """

    def __init__(
        self, project: RasaProject, model: Path, log: Path, pauses: tuple[float, float] = (FIRST_PAUSE, LONGEST_PAUSE)
    ) -> None:
        self.state = State.DOWN
        #: Needed for every request to it.
        self.token = secrets.token_urlsafe(32)
        self._project = project
        self._model = model.absolute()
        self._log = log
        self._first_pause, self._longest_pause = pauses
        self._child: _Child | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._ready = asyncio.Event()
        self._gone = asyncio.Event()
        self._down_since = time.monotonic()
        self._run: asyncio.Task[object] | None = None
        self._stopped = False

    @property
    def url(self) -> str:
        """Where the present process listens; another after each restart and swap."""
        return self._child.url if self._child else "http://127.0.0.1:0"

    @property
    def model(self) -> Path:
        """The archive it answers from."""
        return self._model

    async def run(self) -> None:
        """Keeps Rasa running until stopped or cancelled, and ends it then."""
        self._run = asyncio.current_task()
        self._down_since = time.monotonic()
        self._rotate()
        pause = self._first_pause
        while not self._stopped:
            if await self._life():
                pause = self._first_pause
            log.warning("rasa.died", log=str(self._log), restart_in_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, self._longest_pause)

    async def wait_ready(self, timeout: float) -> None:
        """Returns once it answers; raises `UnderstandingDown` after `timeout` seconds."""
        if self._ready.is_set():
            return
        try:
            await asyncio.wait_for(self._ready.wait(), timeout)
        except TimeoutError as error:
            raise UnderstandingDown(f"Rasa is {self.state}; its log is {self._log}") from error

    async def wait_back(self, patience: float) -> None:
        """Returns once it answers; raises `UnderstandingDown` `patience` seconds after it last did, or was started.

        So a Rasa that does not come back holds up whoever asks first, not everybody after them.
        """
        await self.wait_ready(max(0.0, self._down_since + patience - time.monotonic()))

    async def wait_gone(self) -> None:
        """Returns once the process that was ready is no more, or has a successor."""
        await self._gone.wait()

    async def swap(self, model: Path) -> None:
        """Answers from `model` from now on: a second process takes over once it is ready, and nobody waits for it.

        Raises `UnderstandingDown` where it never becomes ready; the present one goes on then.
        """
        successor = await self._successor(model.absolute())
        before, self._child, self._model = self._child, successor, successor.model
        self._gone.set()
        self._tell_ready()
        if before:
            leaving = asyncio.create_task(_leave(before.process))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _successor(self, model: Path) -> _Child:
        """A second process that is ready, or none at all."""
        try:
            child = await self._start(model)
        except OSError as error:
            raise UnderstandingDown(f"Rasa cannot be started: {error.strerror}") from error
        ready = False
        try:
            ready = await self._answers(child)
        finally:
            if not ready:
                await end(child.process)
        if not ready:
            raise UnderstandingDown(f"Rasa never became ready with {model.name}; its log is {self._log}")
        return child

    async def stop(self) -> None:
        """Ends `run`, also one that has yet to begin, and Rasa with it, within 5 seconds."""
        self._stopped = True
        ending = {*self._leaving, *([self._run] if self._run else [])}
        for task in ending:
            task.cancel()
        if ending:
            await asyncio.wait(ending)

    async def _life(self) -> bool:
        """One process from start to end; whether it ever was ready."""
        self.state = State.STARTING
        try:
            if self._child is None or self._child.process.returncode is not None:
                self._child = await self._start(self._model)
            return await self._watched(self._child)
        except OSError as error:
            # No process to be had, no room for the log: it may be over by the next try.
            log.error("rasa.not_started", reason=error.strerror)
            return False
        finally:
            if self._ready.is_set():
                self._down_since = time.monotonic()
            self._ready.clear()
            self._gone.set()
            self.state = State.DOWN

    async def _watched(self, child: _Child) -> bool:
        """Until the process ends that has no successor; whether it was ready."""
        try:
            while True:
                answered = await self._answers(child)
                if answered and child is self._child:
                    self._tell_ready()
                if answered:
                    await child.process.wait()
                if self._child is None or child is self._child:
                    return answered
                child = self._child
        finally:
            if self._child:
                await end(self._child.process)

    async def _start(self, model: Path) -> _Child:
        port = _free_port()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        listen = ("--enable-api", "-i", "127.0.0.1", "-p", str(port))
        with self._log.open("ab") as output:
            process = await self._project.start(
                "run", *listen, "--model", str(model), output=output, FRONTDESK_RASA_TOKEN=self.token
            )
        return _Child(process, f"http://127.0.0.1:{port}", model)

    async def _answers(self, child: _Child) -> bool:
        """True once it answers, false where it dies before that or has had all the time a start may take."""
        probe, dead = asyncio.create_task(self._probe(child.url)), asyncio.create_task(child.process.wait())
        try:
            await asyncio.wait({probe, dead}, return_when=asyncio.FIRST_COMPLETED)
            return probe.done() and probe.result()
        finally:
            probe.cancel()
            dead.cancel()

    async def _probe(self, url: str) -> bool:
        client = Understanding(lambda: url, self.token, timeout=1)
        try:
            async with asyncio.timeout(LONGEST_START):
                return await _loaded(client)
        except TimeoutError:
            log.warning("rasa.never_ready", log=str(self._log), seconds=LONGEST_START)
            return False
        finally:
            await client.close()

    def _tell_ready(self) -> None:
        self.state = State.READY
        self._gone.clear()
        self._ready.set()
        log.info("rasa.ready", url=self.url, model=self._model.name)

    def _rotate(self) -> None:
        if self._log.exists():
            self._log.replace(self._log.with_name(self._log.name + ".1"))


async def _loaded(client: Understanding) -> bool:
    """True once it answers; false once it listens without a model, which it loads before it listens."""
    while True:
        try:
            await client.check()
        except NoModel:
            log.warning("rasa.no_model")
            return False
        except UnderstandingDown:
            await asyncio.sleep(PROBE)
        else:
            return True


async def _leave(process: Process) -> None:
    """Ends a process that has a successor, once it has answered what it was asked before."""
    try:
        await asyncio.sleep(DRAIN)
    finally:
        await end(process)


def _signal(process: Process, number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
