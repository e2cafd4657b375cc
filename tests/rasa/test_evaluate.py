"""`frontdesk evaluate`, with the real Rasa."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from bot import instance
from bot.errors import Misconfigured, Refused, UnderstandingDown
from bot.instance import Running
from bot.rasa import RasaServer
from bot.rasa_project import RasaProject
from bot.training.evaluation import Evaluation
from bot.training.figures import Share
from bot.training.sitting import sitting
from tests.rasa.process import frontdesk
from tests.rasa.test_server import PATIENCE, running


def evaluate(*arguments: str, status: int = 0) -> str:
    return frontdesk("evaluate", *arguments, status=status)


def at_work_in(folder: Path) -> list[str]:
    """Processes whose working folder it is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        # Others come and go, or are not ours.
        with suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found.append(process.name)
    return found


def test_a_model_sits_the_exam(desk: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model of the present data is asked: figures at the terminal, all in JSON, a page; no Rasa is left."""
    (desk / "elsewhere").mkdir()
    monkeypatch.chdir(desk / "elsewhere")
    said = evaluate("--config", "../config.yaml", "--json", "out/result.json")
    assert "3 questions, model" in said
    assert "hello to you" in said
    found = Evaluation.model_validate_json((desk / "elsewhere/out/result.json").read_text(encoding="utf-8"))
    assert found.model == model.name.removesuffix(".tar.gz")
    assert found.overall.right == Share(count=2, of=3)
    assert found.languages.keys() == {"en", "zh"}
    assert "hello to you" in (desk / "var/evaluation.html").read_text(encoding="utf-8")
    assert (desk / "var/rasa-evaluation.log").exists()
    assert at_work_in(desk / "intents") == []


def test_a_model_and_a_test_can_be_named(desk: Path, model: Path) -> None:
    """By the head of its fingerprint, with questions from another file, and a page where it is wanted."""
    (desk / "mine.csv").write_text("text,intent\nhi there you,greet\n", encoding="utf-8")
    assert "1 question, model" in evaluate("--model", model.name[:8], "--test", "mine.csv", "--html", "mine.html")
    assert "greet" in (desk / "mine.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--test", "none.csv"), "none.csv: exam: No such file or directory"),
        (("--model", "config.yaml"), "is not a whole model of Rasa's"),
        (("--model", "nothing"), "no models in var/models begin with 'nothing'"),
    ],
)
def test_what_cannot_be_evaluated_is_said_at_once(arguments: tuple[str, str], said: str) -> None:
    """Before Rasa is started."""
    assert said in evaluate(*arguments, status=1)


async def test_the_running_rasa_is_asked(tiny: RasaProject, model: Path, tmp_path: Path) -> None:
    """One that serves this very model need not be started again."""
    nothing_to_start = RasaProject(tiny.folder, Path("/nowhere/python"))
    async with running(RasaServer(tiny, model, tmp_path / "rasa.log")) as server:
        await server.wait_ready(PATIENCE)
        instance.announce(tmp_path, Running(server.url, server.token, str(model)))
        async with sitting(nothing_to_start, model, tmp_path) as parse:
            assert (await parse("hello")).ranking[0].intent == "greet"


async def test_rasa_not_installed(tiny: RasaProject, model: Path, tmp_path: Path) -> None:
    """Is said, rather than waited out; also where a Rasa was announced that is no more."""
    instance.announce(tmp_path, Running("http://127.0.0.1:1", "token", str(model)))
    with pytest.raises(Misconfigured, match="make install"):
        async with sitting(RasaProject(tiny.folder), model, tmp_path):
            raise AssertionError


async def test_a_rasa_that_does_not_start_is_given_up(
    tiny: RasaProject, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the name of its log."""
    monkeypatch.setattr("bot.training.sitting.LONGEST_START", 0.1)
    with pytest.raises(UnderstandingDown, match=r"rasa-evaluation\.log"):
        async with sitting(tiny, model, tmp_path):
            raise AssertionError


async def test_what_is_no_model_is_refused(tiny: RasaProject, tmp_path: Path) -> None:
    """A missing file as well."""
    with pytest.raises(Refused, match="not a whole model"):
        async with sitting(tiny, tmp_path / "none.tar.gz", tmp_path):
            raise AssertionError
