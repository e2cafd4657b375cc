"""The real program in folders of its own, with a model trained once."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from subprocess import TimeoutExpired

import httpx
import pytest
from rich.console import Console

from bot.rasa_project import RasaProject
from bot.training import model_for
from tests.acceptance.house import LONGEST_STOP, ROOT, House, Up, children, kill_group
from tests.acceptance.pages import Pages
from tests.acceptance.peers import Side, platforms, sections

#: Makes a house; keywords are sections of its config.yaml.
Build = Callable[..., House]
#: Starts `frontdesk up` in a house.
Start = Callable[[House], Up]


@pytest.fixture(scope="session")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example content as it stands now, with its model: the one in var/models, trained there if it is missing."""
    folder = tmp_path_factory.mktemp("content")
    ours = shutil.ignore_patterns(".venv", ".rasa", "models", "results", "__pycache__")
    for name in ("intents", "responses"):
        shutil.copytree(ROOT / name, folder / name, ignore=ours)
    (folder / "intents" / ".venv").symlink_to((ROOT / "intents" / ".venv").resolve())
    model = asyncio.run(model_for(RasaProject(folder / "intents"), ROOT / "var" / "models", Console(stderr=True)))
    shutil.copy(model, folder / "model.tar.gz")
    return folder


@pytest.fixture
def build(tmp_path: Path, content: Path) -> Build:
    """Houses of this test alone."""

    def build(**changes: dict[str, object]) -> House:
        return House(tmp_path / "house", content, **changes)

    return build


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts what is ended at the end of the test, whatever happens in it."""
    started: list[Up] = []

    def start(house: House) -> Up:
        started.append(house.up())
        return started[-1]

    yield start
    for up in started:
        end(up)


def end(up: Up) -> None:
    """Ends a server that may have ended already, and its Rasa."""
    if up.process.poll() is not None:
        return
    left = children(up.process.pid)
    up.process.terminate()
    try:
        up.process.wait(LONGEST_STOP)
    except TimeoutExpired:
        up.process.kill()
        up.process.wait()
        for process in left:
            kill_group(process)
        raise


@pytest.fixture
async def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Side]]:
    """Every platform, by the name of its channel; what is started later trusts them."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with platforms(tmp_path) as sides:
        yield sides


@pytest.fixture
async def town(build: Build, sides: dict[str, Side], tmp_path: Path) -> House:
    """A house with all channels on, where nobody waits long for what is not coming."""
    brisk: dict[str, dict[str, object]] = {"conversation": {"quiet_seconds": 0}, "delivery": {"timeout_seconds": 5}}
    house = build(channels=sections(sides, tmp_path), **brisk)
    pages = sides["webchat"]
    assert isinstance(pages, Pages)
    await pages.open(house)
    return house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, content: Path) -> House:
    """The house of the tests in a file that share a running server."""
    return House(tmp_path_factory.mktemp("shared") / "house", content, conversation={"quiet_seconds": 0})


@pytest.fixture(scope="module")
def running(house: House) -> Iterator[Up]:
    """The server the tests in a file share, ready."""
    up = house.up()
    try:
        asyncio.run(up.ready())
        yield up
    finally:
        end(up)


@pytest.fixture
async def client(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose addresses are relative to the shared server's web chat."""
    async with httpx.AsyncClient(base_url=house.chat, timeout=20, trust_env=False) as client:
        yield client
