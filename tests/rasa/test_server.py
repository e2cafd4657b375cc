from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import bot.rasa
import bot.rasa_project
from bot.errors import Misconfigured, UnderstandingDown
from bot.rasa import RasaServer, State
from bot.rasa_project import RasaProject
from bot.training.live import Live, follow
from bot.understanding import Understanding
from bot.understood import Entity

#: Seconds after which a test gives up; nothing here waits that long where all is well.
PATIENCE = 60


async def until(fact: Callable[[], object]) -> None:
    """Returns once `fact` is true."""
    async with asyncio.timeout(PATIENCE):
        while not fact():  # noqa: ASYNC110  # the fact is another process's
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(server: RasaServer) -> AsyncIterator[RasaServer]:
    """`server` under supervision, stopped at the end."""
    task = asyncio.create_task(server.run())
    try:
        yield server
    finally:
        await server.stop()
        await asyncio.wait([task])


def alive(process: int) -> bool:
    """Whether a process of that number runs; one that ended and was not yet asked after does not."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def children(of: int) -> list[int]:
    """Processes started by the process `of` from any of its threads."""
    lists = Path(f"/proc/{of}/task").glob("*/children")
    return [int(number) for each in lists for number in each.read_text(encoding="utf-8").split()]


def servers(of: int) -> list[int]:
    """Those of them that serve Rasa: a browser that other tests share may be among the children."""
    return [child for child in children(of) if b"serve.py" in Path(f"/proc/{child}/cmdline").read_bytes()]


def script(path: Path, text: str) -> Path:
    """A program that stands in for Rasa's Python."""
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


async def test_the_real_rasa_understands_and_keeps_quiet(tiny: RasaProject, model: Path, tmp_path: Path) -> None:
    """Rasa answers in two languages and refuses strangers; its log holds no text, the process list no token."""
    server = RasaServer(tiny, model, tmp_path / "rasa.log")
    # As one in 64 is.
    server.token = f"-{server.token}"
    async with running(server):
        await server.wait_ready(PATIENCE)
        ours, stranger = (Understanding(lambda: server.url, token) for token in (server.token, "guessed"))
        assert (await ours.parse("how long does my withdrawal take?")).ranking[0].intent == "withdrawal_time"
        assert (await ours.parse("提现要多久到账")).ranking[0].intent == "withdrawal_time"
        assert (await ours.parse("/human please")).ranking[0].intent == "human"
        found = await ours.parse("  /when will my ETH come")
        assert found.entities == (Entity("coin", "ETH", 16, 19),)
        assert sum(guess.confidence for guess in found.ranking) == pytest.approx(1)
        for strange in ("😀", "\x00\x01", "\u202eabc", "\ud800", "<script>", "a" * 100_000, "/greet{"):
            assert len((await ours.parse(strange)).ranking) == 3, strange
        with pytest.raises(UnderstandingDown, match=r"understanding\.token"):
            await stranger.parse("hello")
        assert not await stranger.ready()
        (child,) = servers(os.getpid())
        assert server.token.encode() not in Path(f"/proc/{child}/cmdline").read_bytes()
        await ours.close()
        await stranger.close()
    said = (tmp_path / "rasa.log").read_text(encoding="utf-8")
    assert "rasa" in said.lower()
    assert "withdrawal" not in said
    assert server.token not in said
    assert server.state is State.DOWN


async def test_rasa_comes_back_after_it_is_killed(tiny: RasaProject, model: Path, tmp_path: Path) -> None:
    """After SIGKILL Rasa is started again and answers; meanwhile it counts as not ready."""
    async with running(RasaServer(tiny, model, tmp_path / "rasa.log", pauses=(0.01, 0.01))) as server:
        await server.wait_ready(PATIENCE)
        (first,) = servers(os.getpid())
        os.kill(first, signal.SIGKILL)
        await until(lambda: server.state is not State.READY)
        with pytest.raises(UnderstandingDown, match=r"rasa\.log"):
            await server.wait_ready(0)
        await server.wait_ready(PATIENCE)
        understanding = Understanding(lambda: server.url, server.token)
        assert (await understanding.parse("talk to a person")).ranking[0].intent == "human"
        await understanding.close()


async def test_rasa_ends_with_its_parent(tiny: RasaProject, model: Path, tmp_path: Path) -> None:
    """A parent that is killed leaves no Rasa behind."""
    program = (
        "import asyncio, pathlib, sys; from bot.rasa import RasaServer; from bot.rasa_project import RasaProject;"
        "folder, python, model, log = map(pathlib.Path, sys.argv[1:]);"
        "asyncio.run(RasaServer(RasaProject(folder, python), model, log).run())"
    )
    paths = (tiny.folder, tiny.python, model, tmp_path / "rasa.log")
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, *paths)
    await until(lambda: children(parent.pid))
    (rasa,) = children(parent.pid)
    await until((tmp_path / "rasa.log").read_bytes)
    parent.kill()
    await parent.wait()
    await until(lambda: not alive(rasa))


async def test_pauses_grow(tiny: RasaProject, tmp_path: Path) -> None:
    """A Rasa that cannot start is tried after pauses that double up to the longest."""
    dying = RasaProject(tiny.folder, script(tmp_path / "python", "echo no memory; exit 1"))
    server = RasaServer(dying, tmp_path / "none.tar.gz", tmp_path / "rasa.log", pauses=(0.01, 0.04))
    with capture_logs() as logs:
        async with running(server):
            await until(lambda: len(logs) >= 5)
            with pytest.raises(UnderstandingDown, match=r"rasa\.log"):
                await server.wait_ready(0)
    assert [entry["restart_in_seconds"] for entry in logs[:5]] == [0.01, 0.02, 0.04, 0.04, 0.04]
    assert (tmp_path / "rasa.log").read_text(encoding="utf-8").startswith("no memory\n" * 5)


async def test_stop_kills_what_does_not_listen(
    tiny: RasaProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Rasa deaf to SIGTERM, and whatever it started, is gone when stop returns."""
    monkeypatch.setattr(bot.rasa_project, "GRACE", 0.1)
    deaf = RasaProject(tiny.folder, script(tmp_path / "python", "trap '' TERM; sleep 600 & echo up; wait; sleep 600"))
    server = RasaServer(deaf, tmp_path / "none.tar.gz", tmp_path / "rasa.log")
    async with running(server):
        await until(lambda: (tmp_path / "rasa.log").exists() and (tmp_path / "rasa.log").read_bytes())
        (shell,) = servers(os.getpid())
        (sleep,) = children(shell)
    assert not alive(shell)
    await until(lambda: not alive(sleep))


async def test_a_start_that_never_ends_is_given_up(
    tiny: RasaProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Rasa that runs but never answers is ended and started again."""
    monkeypatch.setattr(bot.rasa, "LONGEST_START", 0.2)
    hanging = RasaProject(tiny.folder, script(tmp_path / "python", "exec sleep 600"))
    with capture_logs() as logs:
        async with running(RasaServer(hanging, tmp_path / "none", tmp_path / "rasa.log", pauses=(0.01, 0.01))):
            await until(lambda: len(logs) >= 3)
    assert [entry["event"] for entry in logs[:3]] == ["rasa.never_ready", "rasa.died", "rasa.never_ready"]


async def test_the_last_log_is_kept(tiny: RasaProject, tmp_path: Path) -> None:
    """Each run begins a new log and keeps exactly the one before."""
    log = tmp_path / "var" / "rasa.log"

    def said() -> str:
        return log.read_text(encoding="utf-8") if log.exists() else ""

    for run in ("one\n", "two\n", "three\n"):
        speaking = RasaProject(tiny.folder, script(tmp_path / "python", f"echo {run}exec sleep 600"))
        async with running(RasaServer(speaking, tmp_path / "none", log)):
            await until(lambda: said() == run)  # noqa: B023  # asked within the round
    assert log.read_text(encoding="utf-8") == "three\n"
    assert log.with_name("rasa.log.1").read_text(encoding="utf-8") == "two\n"


async def test_secrets_stay_with_us(tiny: RasaProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rasa inherits neither our settings from the environment nor our Python's."""
    monkeypatch.setenv("FRONTDESK__CHANNELS__TELEGRAM__TOKEN", "12345:AAFqz")
    monkeypatch.setenv("PYTHONPATH", "/ours")
    telling = RasaProject(tiny.folder, script(tmp_path / "python", "env; echo end; exec sleep 600"))
    log = tmp_path / "rasa.log"
    async with running(RasaServer(telling, tmp_path / "none", log)):
        await until(lambda: log.exists() and "end\n" in log.read_text(encoding="utf-8"))
    told = log.read_text(encoding="utf-8")
    assert "AAFqz" not in told
    assert "/ours" not in told
    assert f"FRONTDESK_PARENT={os.getpid()}\n" in told


async def test_rasa_not_installed(tiny: RasaProject, tmp_path: Path) -> None:
    """Without Rasa's environment the supervisor ends with the command that makes it, rather than trying for ever."""
    server = RasaServer(RasaProject(tiny.folder), tmp_path / "none", tmp_path / "rasa.log")
    with pytest.raises(Misconfigured, match="make install"):
        await server.run()
    assert server.state is State.DOWN


async def test_another_model_takes_over(tiny: RasaProject, model: Path, tmp_path: Path) -> None:
    """Questions asked all through a swap are answered; the process before ends, and a killed successor comes back."""
    other = Path(shutil.copy(model, tmp_path / "other.tar.gz"))
    async with running(RasaServer(tiny, model, tmp_path / "rasa.log", pauses=(0.01, 0.01))) as server:
        await server.wait_ready(PATIENCE)
        (first,) = servers(os.getpid())
        before, gone = server.url, asyncio.create_task(server.wait_gone())
        swap = asyncio.create_task(server.swap(other))
        client = Understanding(lambda: server.url, server.token)
        while not swap.done():
            assert (await client.parse("talk to a person")).ranking[0].intent == "human"
        await swap
        await gone
        assert (server.model, server.state) == (other, State.READY)
        assert server.url != before
        await until(lambda: not alive(first))
        (second,) = servers(os.getpid())
        os.kill(second, signal.SIGKILL)
        await until(lambda: server.state is not State.READY)
        await server.wait_ready(PATIENCE)
        assert server.model == other
        assert (await client.parse("talk to a person")).ranking[0].intent == "human"
        await client.close()


async def test_a_model_that_cannot_be_loaded_does_not_take_over(tiny: RasaProject, model: Path, tmp_path: Path) -> None:
    """The present model goes on, whoever asked is told where to look, and no process is left of the try."""
    (broken := tmp_path / "broken.tar.gz").write_bytes(b"no model")
    async with running(RasaServer(tiny, model, tmp_path / "rasa.log")) as server:
        await server.wait_ready(PATIENCE)
        (first,) = servers(os.getpid())
        with pytest.raises(UnderstandingDown, match=r"broken\.tar\.gz.*rasa\.log"):
            await server.swap(broken)
        assert server.model == model
        assert [child for child in servers(os.getpid()) if alive(child)] == [first]


async def test_a_model_that_is_chosen_is_taken(tiny: RasaProject, model: Path, tmp_path: Path) -> None:
    """Who follows the choice swaps to it; a choice that cannot be loaded is taken back, in the history too."""
    live = Live(tmp_path)
    for name, content in (("one", model.read_bytes()), ("two", model.read_bytes()), ("bad", b"no model")):
        live.path(name).write_bytes(content)
    live.choose("one", "data")
    async with running(RasaServer(tiny, live.path("one"), tmp_path / "rasa.log")) as server:
        await server.wait_ready(PATIENCE)
        following = asyncio.create_task(follow(server, live))
        live.choose("two", "data")
        await until(lambda: server.model == live.path("two"))
        live.choose("bad", "data")
        await until(lambda: [choice.model for choice in live.history()] == ["one", "two", "bad", "two"])
        assert server.model == live.path("two")
        following.cancel()


@pytest.mark.parametrize("rounds", range(12))
async def test_stop_at_any_moment(tiny: RasaProject, tmp_path: Path, rounds: int) -> None:
    """Stopped before, while or after the process is made, `run` ends and leaves no process."""
    server = RasaServer(
        RasaProject(tiny.folder, script(tmp_path / "python", "exec sleep 600")), tmp_path, tmp_path / "log"
    )
    async with running(server):
        for _ in range(rounds):
            await asyncio.sleep(0)
    await until(lambda: not [child for child in servers(os.getpid()) if alive(child)])
    assert server.state is State.DOWN
