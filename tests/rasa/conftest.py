from __future__ import annotations

import asyncio
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from bot.rasa_project import RasaProject
from bot.training import Trained, train
from tests.rasa import project
from tests.rasa.driven import Components, Hub, driven

EXAM = """\
text,intent
how long would my withdrawal take?,withdrawal_time
转人工客服,human
hello to you,human
"""


@pytest.fixture
def console() -> Console:
    """A terminal whose text can be read back from `console.file`."""
    return Console(file=StringIO(), width=200)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> RasaProject:
    """The small project, not to be changed."""
    return project.write(tmp_path_factory.mktemp("rasa") / "intents")


@pytest.fixture(scope="session")
def trained(tiny: RasaProject) -> tuple[Trained, str]:
    """The small project's model, trained once by the real Rasa, and what was shown meanwhile."""
    shown = Console(file=StringIO(), width=200, force_terminal=True, color_system=None)
    models = tiny.folder.parent / "var" / "models"
    result = asyncio.run(train(tiny, models, shown))
    assert isinstance(shown.file, StringIO)
    return result, shown.file.getvalue()


@pytest.fixture
def model(trained: tuple[Trained, str]) -> Path:
    """The archive of the small project's model."""
    return trained[0].model


@pytest.fixture(scope="session")
def hub() -> Iterator[Hub]:
    """A hub of models, empty."""
    with Hub().open() as hub:
        yield hub


@pytest.fixture(scope="session")
def components(tmp_path_factory: pytest.TempPathFactory, hub: Hub) -> Iterator[Components]:
    """The components of intents/ in a process of their own."""
    with driven(tmp_path_factory.mktemp("components") / "driver.log", hub.url) as components:
        yield components


@pytest.fixture
def desk(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the small project, its model, and an exam of which one question is answered otherwise."""
    intents = project.write(tmp_path / "intents").folder
    (intents / ".venv").symlink_to(project.PYTHON.parents[1])
    (intents / "tests").mkdir()
    (intents / "tests" / "exam.csv").write_text(EXAM, encoding="utf-8")
    (tmp_path / "var" / "models").mkdir(parents=True)
    (tmp_path / "var" / "models" / model.name).symlink_to(model)
    (tmp_path / "config.yaml").write_text("folders: {intents: intents}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path
