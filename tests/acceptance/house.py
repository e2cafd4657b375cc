"""A folder with a configuration, and the real `frontdesk` command in it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import httpx
from ruamel.yaml import YAML

from bot.training import fingerprint, model_path

ROOT = Path(__file__).parents[2]

#: Seconds for whatever a start may take on a busy machine.
PATIENCE = 120
#: Seconds between two looks.
LOOK = 0.05
#: Seconds a stop may take.
LONGEST_STOP = 10

Rows = list[tuple[Any, ...]]


class Up:
    """A running `frontdesk up`; its standard error is added to `log`."""

    def __init__(self, command: Sequence[str], folder: Path, log: Path, base: str) -> None:
        self._base = base
        with log.open("ab") as kept:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=kept, stderr=kept
            )

    async def serving(self) -> httpx.Response:
        """The first answer of `/health`, ready or not."""
        return await self._health(range(100, 600))

    async def ready(self, seconds: float = PATIENCE) -> None:
        """Returns once `/health` says so; raises `TimeoutError` after `seconds`."""
        await self._health(range(200, 201), seconds)

    def rasa(self) -> int:
        """The process of its Rasa."""
        (child,) = children(self.process.pid)
        return child

    async def ended(self, seconds: float = LONGEST_STOP) -> int:
        """Its exit status. Raises `subprocess.TimeoutExpired` after `seconds`."""
        return await asyncio.to_thread(self.process.wait, seconds)

    async def stop(self) -> int:
        """SIGTERM, and its exit status."""
        self.process.terminate()
        return await self.ended()

    async def kill(self) -> None:
        """SIGKILL: nothing of it runs another instruction."""
        self.process.kill()
        await self.ended()

    async def _health(self, wanted: range, seconds: float = PATIENCE) -> httpx.Response:
        last = "no answer"
        ends = time.monotonic() + seconds
        async with httpx.AsyncClient(base_url=self._base, trust_env=False) as client:
            while time.monotonic() < ends:
                assert self.process.poll() is None, f"ended with status {self.process.poll()}"
                try:
                    answer = await client.get("/health", timeout=LONGEST_STOP)
                except httpx.TransportError as error:
                    last = repr(error)
                else:
                    if answer.status_code in wanted:
                        return answer
                    last = answer.text
                await asyncio.sleep(LOOK)
        raise TimeoutError(last)


class House:
    """Frontdesk's own example content in `content`, served from `folder`; `changes` are sections of config.yaml."""

    def __init__(self, folder: Path, content: Path, **changes: Mapping[str, object]) -> None:
        self.folder = folder
        self.var = folder / "var"
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.chat = f"{self.base}/channels/webchat/"
        self.config: dict[str, Mapping[str, object]] = {
            "folders": {"intents": str(content / "intents"), "responses": str(content / "responses")},
            "web": {"port": self.port},
            "channels": {"webchat": dict.fromkeys(("rate", "address_rate", "address_sessions"), "100000/minute")},
            "logs": {"format": "json"},
            **changes,
        }
        folder.mkdir(exist_ok=True)
        with (folder / "config.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(self.config, file)
        self.model = model_path(self.var / "models", fingerprint(content / "intents"))
        self.model.parent.mkdir(parents=True, exist_ok=True)
        self.model.symlink_to(content / "model.tar.gz")

    def up(self) -> Up:
        """Starts it, without waiting for anything."""
        return Up(command("up"), self.folder, self.folder / "up.log", self.base)

    def run(self, *arguments: str, stdin: bytes = b"", status: int = 0) -> subprocess.CompletedProcess[bytes]:
        """Runs a command to its end, and holds it to its exit status."""
        ended = subprocess.run(
            command(*arguments),
            check=False,
            cwd=self.folder,
            env=environment(),
            input=stdin,
            capture_output=True,
            timeout=PATIENCE,
        )
        assert ended.returncode == status, (ended.stdout + ended.stderr).decode("utf-8", "replace")
        return ended

    def ask(self, question: str, *values: str) -> Rows:
        """What the database answers, read past Frontdesk's own code; `values` are for the ? in it."""
        with closing(sqlite3.connect(self.var / "frontdesk.db", timeout=30)) as database:
            return cast("Rows", database.execute(question, values).fetchall())

    def logs(self) -> str:
        """Everything written to the terminal and to Rasa's logs."""
        files = [self.folder / "up.log", *self.var.glob("rasa.log*")]
        return "\n".join(file.read_text(encoding="utf-8") for file in files)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bot", *arguments]


def environment() -> dict[str, str]:
    """Ours, without settings of Frontdesk."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    return kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}


def children(of: int) -> list[int]:
    """Processes started by the process `of`, from any of its threads."""
    lists = Path(f"/proc/{of}/task").glob("*/children")
    return [int(number) for each in lists for number in each.read_text(encoding="utf-8").split()]


def family(of: int) -> set[int]:
    """The process `of` and everything below it."""
    return {of}.union(*(family(child) for child in children(of)))


def alive(process: int) -> bool:
    """Whether a process of that number runs; one that ended and was not yet asked after does not."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


async def gone(processes: set[int]) -> None:
    """Returns once none of them runs."""
    async with asyncio.timeout(LONGEST_STOP):
        while any(alive(process) for process in processes):  # noqa: ASYNC110  # a process that ends cannot call us
            await asyncio.sleep(LOOK)


def kill_group(process: int) -> None:
    os.killpg(process, signal.SIGKILL)


def free_port() -> int:
    """A port of loopback outside the range from which the system takes a client's own.

    A client that tries again and again to reach a server that is away may else be given that very port, and be
    connected to itself.
    """
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port")
