"""`frontdesk up` is told to stop while the real Rasa trains its first model."""

from __future__ import annotations

import asyncio
import shutil
import signal
from pathlib import Path

import pytest

from tests.acceptance.house import LONGEST_STOP, PATIENCE, ROOT, command, environment, family, gone
from tests.rasa.project import PYTHON


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_in_training_is_clean(tmp_path: Path, number: signal.Signals) -> None:
    """Status 0 within 10 s, no process left, no draft of a model left, and no traceback."""
    intents = tmp_path / "intents"
    ours = shutil.ignore_patterns(".venv", ".rasa", "models", "results", "__pycache__")
    shutil.copytree(ROOT / "intents", intents, ignore=ours)
    (intents / ".venv").symlink_to(PYTHON.parents[1].resolve())
    config = f"folders: {{responses: {ROOT / 'responses'}}}\nweb: {{port: 0}}\n"
    (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
    with (tmp_path / "up.log").open("wb") as log:
        up = await asyncio.create_subprocess_exec(*command("up"), cwd=tmp_path, env=environment(), stderr=log)
    try:
        async with asyncio.timeout(PATIENCE):
            while not (tmp_path / "var" / "training.log").exists():  # noqa: ASYNC110  # a file cannot call us
                await asyncio.sleep(0.05)
        everything = family(up.pid)
        assert len(everything) > 1
        up.send_signal(number)
        assert await asyncio.wait_for(up.wait(), LONGEST_STOP) == 0
        await gone(everything)
    finally:
        if up.returncode is None:
            up.kill()
            await up.wait()
    assert list((tmp_path / "var" / "models").iterdir()) == []
    assert "Traceback" not in (tmp_path / "up.log").read_text(encoding="utf-8")
