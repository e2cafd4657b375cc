from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from structlog.testing import capture_logs

from bot.errors import Misconfigured, TrainingFailed
from bot.rasa_project import RasaProject
from bot.training import Trained, fingerprint, model_for, model_path, train, usable
from tests.rasa import project


def test_a_model_stands_alone_under_its_fingerprint(tiny: RasaProject, trained: tuple[Trained, str]) -> None:
    """Training leaves one whole archive, named by the data, and no draft beside it."""
    result, _ = trained
    models = result.model.parent
    assert result.model == model_path(models, fingerprint(tiny.folder))
    assert [path.name for path in models.iterdir()] == [result.model.name]
    assert usable(result.model)
    assert result.size == result.model.stat().st_size


def test_progress_is_shown(trained: tuple[Trained, str]) -> None:
    """The bar names the component being trained, ends full, and is followed by time and size."""
    _, shown = trained
    assert "Training LogisticRegressionClassifier" in shown
    assert "4/4" in shown
    assert "Trained in" in shown
    assert "kB" in shown


async def test_a_model_is_trained_once(tiny: RasaProject, model: Path, console: Console) -> None:
    """While the data is the same, the model on disk is taken and Rasa is not started."""
    without_rasa = RasaProject(tiny.folder, Path("/nowhere/python"))
    assert await model_for(without_rasa, model.parent, console) == model


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-8] + bytes(8),
        lambda _: b"",
        lambda _: b"not a model",
    ],
    ids=["cut", "checksum", "empty", "other"],
)
def test_a_damaged_archive_is_seen(model: Path, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """An archive that is cut, changed, empty or no archive is not usable."""
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(damage(model.read_bytes()))
    assert not usable(broken)


async def test_a_corrupt_model_is_set_aside_and_trained_again(
    tiny: RasaProject, model: Path, tmp_path: Path, console: Console
) -> None:
    """What cannot be loaded is kept under another name, warned of, and replaced by a model that can."""
    models = tmp_path / "models"
    models.mkdir()
    (models / model.name).write_bytes(model.read_bytes()[:1000])
    with capture_logs() as logs:
        found = await model_for(tiny, models, console)
    assert usable(found)
    assert (models / f"{model.name}.corrupt").stat().st_size == 1000
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["model.corrupt"]


async def test_a_failed_training_says_why(tmp_path: Path, console: Console) -> None:
    """What Rasa cannot train ends in an error with Rasa's own words, and where the rest stands."""
    broken = project.write(tmp_path / "intents")
    (broken.folder / "config.yml").write_text(f"{project.CONFIG}- name: Soothsayer\n".replace("policies: []\n", ""))
    with pytest.raises(TrainingFailed) as raised:
        await train(broken, tmp_path / "models", console)
    assert "Soothsayer" in str(raised.value)
    assert str(tmp_path / "training.log") in str(raised.value)
    assert list((tmp_path / "models").iterdir()) == []


async def test_bad_data_is_named_before_rasa_starts(tmp_path: Path, console: Console) -> None:
    """With file and line; no minutes are spent on a model of it."""
    broken = RasaProject(project.write(tmp_path / "intents").folder, Path("/nowhere/python"))
    data = broken.folder / "data" / "nlu.yml"
    data.write_text(project.DATA.replace("[BTC](coin)", "[BTC](coin"), encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"data/nlu\.yml:13: withdrawal_time: broken entity markup"):
        await train(broken, tmp_path / "models", console)


async def test_a_folder_that_cannot_be_written_is_named(tiny: RasaProject, tmp_path: Path, console: Console) -> None:
    """Where the models should lie but cannot, the error names the folder."""
    (tmp_path / "models").write_text("a file, not a folder", encoding="utf-8")
    with pytest.raises(TrainingFailed, match="models"):
        await train(tiny, tmp_path / "models", console)


async def test_rasa_not_installed(tmp_path: Path, console: Console) -> None:
    """Without Rasa's environment the operator is told the command that makes it."""
    bare = RasaProject(project.write(tmp_path / "intents").folder)
    with pytest.raises(Misconfigured, match="make install"):
        await train(bare, tmp_path / "models", console)


def test_a_config_that_is_no_yaml(tmp_path: Path) -> None:
    """A config.yml that cannot be read is a problem with the file's name, not a traceback."""
    folder = project.write(tmp_path / "intents").folder
    (folder / "config.yml").write_text("pipeline: [", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"config\.yml"):
        fingerprint(folder)


@pytest.mark.parametrize(
    ("file", "addition", "same"),
    [
        ("data/nlu.yml", "# said otherwise\n", False),
        ("data/more/deposits.yml", "version: '3.1'\n", False),
        ("domain.yml", "slots: {}\n", False),
        ("config.yml", "version: two\n", False),
        ("components.py", "C = 0.5\n", False),
        ("requirements.lock", "rasa==3.6.21\n", False),
        ("config.yml", "# a comment\n", True),
        ("serve.py", "# another start\n", True),
        ("credentials.yml", "# none\n", True),
        ("models/old.tar.gz", "old", True),
    ],
)
def test_the_fingerprint_follows_what_a_model_is_made_of(
    tiny: RasaProject, tmp_path: Path, file: str, addition: str, *, same: bool
) -> None:
    """Data, domain, pipeline, components and Rasa's version change the fingerprint; how it is served does not."""
    copy = tmp_path / "intents"
    shutil.copytree(tiny.folder, copy)
    (copy / file).parent.mkdir(parents=True, exist_ok=True)
    with (copy / file).open("a", encoding="utf-8") as content:
        content.write(addition)
    assert (fingerprint(copy) == fingerprint(tiny.folder)) is same


def test_rasas_own_mark_is_not_a_change(tiny: RasaProject, tmp_path: Path) -> None:
    """Rasa writes assistant_id into config.yml when it trains; that must not ask for another training."""
    copy = tmp_path / "intents"
    shutil.copytree(tiny.folder, copy)
    config = copy / "config.yml"
    config.write_text(
        config.read_text(encoding="utf-8").replace("assistant_id: tiny", "assistant_id: x"), encoding="utf-8"
    )
    assert fingerprint(copy) == fingerprint(tiny.folder)
