"""The pipeline of intents/ through Rasa itself: trained by its command, asked over HTTP."""

from __future__ import annotations

import asyncio
import tarfile
from io import StringIO
from pathlib import Path

import aiohttp
import pytest
from rich.console import Console

from bot.rasa import RasaServer
from bot.rasa_project import RasaProject
from bot.training import train
from tests.rasa import project
from tests.rasa.test_linear_intents import STRANGE
from tests.rasa.test_server import PATIENCE, running


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> tuple[RasaProject, Path]:
    """A small project with our pipeline, and its model."""
    found = project.write_ours(tmp_path_factory.mktemp("ours") / "intents")
    return found, asyncio.run(train(found, found.folder.parent / "models", Console(file=StringIO()))).model


def test_nothing_in_a_model_runs_when_it_is_read(ours: tuple[RasaProject, Path]) -> None:
    """The archive holds no pickle, neither by name nor by content."""
    _, model = ours
    with tarfile.open(model) as archive:
        first = {member.name: archive.extractfile(member).read(1) for member in archive if member.isfile()}  # type: ignore[union-attr]
    assert [name for name in first if name.endswith((".pkl", ".pickle", ".joblib", ".npy", ".npz"))] == []
    # Every pickle since protocol 2 begins so.
    assert [name for name, byte in first.items() if byte == b"\x80"] == []
    assert any(name.endswith("model.safetensors") for name in first)


async def test_no_text_does_harm_over_http(ours: tuple[RasaProject, Path], tmp_path: Path) -> None:
    """What nobody means to send is answered like anything else."""
    async with running(RasaServer(*ours, tmp_path / "rasa.log")) as server, aiohttp.ClientSession() as session:
        await server.wait_ready(PATIENCE)
        for text in ("提現要多久", *STRANGE):
            where, query = f"{server.url}/model/parse", {"token": server.token}
            async with session.post(where, params=query, json={"text": text}) as response:
                assert response.status == 200, repr(text[:20])
                assert (await response.json())["intent"], repr(text[:20])
