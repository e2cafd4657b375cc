"""A Rasa that dies and comes back, or does not, as the messages of the meantime see it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import bot.mind
from bot.errors import UnderstandingDown
from bot.mind import Mind
from bot.rasa import RasaServer
from bot.rasa_project import RasaProject
from bot.settings import Settings, UnderstandingSection
from tests.rasa.test_server import running, script, until

#: Speaks as Rasa does. What it is asked goes to `asked`; while there is a file `die` it ends over a question.
PROGRAM = """\
import http.server, json, os, pathlib, sys
here = pathlib.Path(__file__).parent
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def do_GET(self): self.answer({})
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with (here / "asked").open("a") as asked:
            asked.write("?")
        if (here / "die").exists():
            (here / "die").unlink()
            os._exit(1)
        self.answer({"intent": {"name": "greet", "confidence": 1.0}})
    def answer(self, what):
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
port = int(sys.argv[sys.argv.index("-p") + 1])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def mortal(tmp_path: Path) -> RasaServer:
    """A server that dies when told to, not yet running."""
    (tmp_path / "serve.py").write_text(PROGRAM, encoding="utf-8")
    project = RasaProject(tmp_path, Path(sys.executable))
    return RasaServer(project, tmp_path / "none", tmp_path / "rasa.log", pauses=(0.01, 0.01))


def mind_of(server: RasaServer, patience: float = 60) -> Mind:
    """A mind that waits for the server."""
    return Mind(Settings(understanding=UnderstandingSection(patience_seconds=patience)), server)


async def test_death_over_a_text_is_waited_out(mortal: RasaServer, tmp_path: Path) -> None:
    """Whoever asks Rasa the very thing it dies over, or just then, is answered by the next one."""
    mind = mind_of(mortal)
    async with running(mortal):
        (tmp_path / "die").touch()
        answers = await asyncio.gather(*(mind.understand(f"hello {number}") for number in range(8)))
        assert {answer.ranking[0].intent for answer in answers} == {"greet"}
    await mind.close()
    assert not (tmp_path / "die").exists()
    assert len((tmp_path / "asked").read_text(encoding="utf-8")) > 8


async def test_rasa_that_does_not_come_back_is_waited_for_once(tmp_path: Path) -> None:
    """Patience counts from the moment Rasa went away: who asks when that is over waits no more."""
    dead = RasaProject(tmp_path, script(tmp_path / "python", "exit 1"))
    server = RasaServer(dead, tmp_path / "none", tmp_path / "rasa.log", pauses=(0.01, 0.01))
    mind = mind_of(server, patience=0.3)
    async with running(server):
        with pytest.raises(UnderstandingDown):
            await mind.understand("first")
        waiting = [asyncio.create_task(mind.understand(str(number))) for number in range(100)]
        # Some turns of the loop without a moment to wait: all of them are through.
        for _ in range(20):
            await asyncio.sleep(0)
        assert all(isinstance(task.exception(), UnderstandingDown) for task in waiting)
    await mind.close()


async def test_patience_begins_anew_with_every_death(mortal: RasaServer, tmp_path: Path) -> None:
    """A Rasa that had been well is waited for again when it dies."""
    async with running(mortal):
        await mortal.wait_back(60)
        well = mortal._down_since
        (tmp_path / "die").touch()
        mind = mind_of(mortal)
        await mind.understand("hello")
        assert mortal._down_since > well
        await mind.close()


async def test_another_waits_while_rasa_is_busy(mortal: RasaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rasa is asked about so many texts at a time and no more; waiting for its start takes none of these places."""
    monkeypatch.setattr(bot.mind, "AT_ONCE", 2)
    mind = mind_of(mortal)
    most = 0

    async def parse(text: str, original: Callable[..., object] = mind._client.parse) -> object:
        nonlocal most
        most = max(most, 2 - mind._places._value)
        return await original(text)  # type: ignore[misc]

    monkeypatch.setattr(mind._client, "parse", parse)
    asking = [asyncio.create_task(mind.understand(str(number))) for number in range(10)]
    await asyncio.sleep(0)
    assert not mind._places.locked()
    async with running(mortal):
        await asyncio.gather(*asking)
    await mind.close()
    assert most == 2


async def test_start_that_fails_is_tried_again(tmp_path: Path) -> None:
    """Where the system gives no process the start has failed, no more: it is tried again after the pause."""
    interpreter = script(tmp_path / "python", "echo up; exec sleep 600")
    interpreter.chmod(0o644)
    log = tmp_path / "rasa.log"
    server = RasaServer(RasaProject(tmp_path, interpreter), tmp_path / "none", log, pauses=(0.01, 0.01))
    async with running(server):
        await until(log.exists)
        await asyncio.sleep(0.05)
        interpreter.chmod(0o755)
        await until(lambda: log.read_text(encoding="utf-8") == "up\n")
