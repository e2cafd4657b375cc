"""Frontdesk's side: a folder of its own with SQLite, and the process that serves it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.acceptance.house import ROOT, free_port
from tests.bench.peer import BRAND
from tests.bench.talks import Round

#: Bytes of one answer of the process.
LONGEST_ANSWER = 50_000_000


class Frontdesk:
    """A served Frontdesk; `url` is its web chat."""

    def __init__(self, process: Process, url: str) -> None:
        self.url = url
        self.process = process

    async def terminal(self, conversations: Sequence[Sequence[str]], clients: int) -> Round:
        """A round through the memory channel, led from inside."""
        return await self._ask(clients=clients, conversations=conversations)

    async def parses(self) -> list[float]:
        """Seconds of each wait for Rasa since the last round."""
        return (await self._ask()).parses

    async def _ask(self, **request: Any) -> Round:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        return Round(**json.loads(await self.process.stdout.readline()))


@asynccontextmanager
async def served(folder: Path, rasa: str) -> AsyncIterator[Frontdesk]:
    """Frontdesk below `folder`, with the Rasa at the address `rasa`."""
    folder.mkdir()
    port = free_port()
    _configure(folder / "config.yaml", port, rasa)
    with (folder / "frontdesk.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.served", "config.yaml"),
            cwd=folder,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
            stdin=PIPE,
            stdout=PIPE,
            stderr=log,
            limit=LONGEST_ANSWER,
        )
    try:
        frontdesk = Frontdesk(process, f"http://127.0.0.1:{port}/channels/webchat")
        await frontdesk.parses()
        yield frontdesk
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()


def _configure(path: Path, port: int, rasa: str) -> None:
    config = {
        "brand": {"name": BRAND},
        "web": {"port": port},
        "channels": {"webchat": dict.fromkeys(("rate", "address_rate", "address_sessions"), "1000000/minute")},
        "understanding": {"url": rasa},
        "conversation": {"quiet_seconds": 0},
        "folders": {"intents": str(ROOT / "intents"), "responses": str(ROOT / "responses")},
        "logs": {"format": "json"},
    }
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(config, file)
