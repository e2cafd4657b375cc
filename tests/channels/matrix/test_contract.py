"""The channel on the page "Add a channel in one file" is one: it passes the suite, and outlives what strangers send."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels import channel_class
from tests.channels.contract import Contract
from tests.channels.house import House
from tests.channels.matrix.platform import Platform
from tests.channels.matrix.server import LIMIT, Json

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "add-a-channel.md"
TYPE = "acme_matrix:Matrix"


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's code in a file, as a company has it: outside of Frontdesk."""
    found = re.search(r"<!-- acme_matrix.py -->\n```python\n(.*?)```\n", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    path = tmp_path_factory.mktemp("acme") / "acme_matrix.py"
    path.write_text(found[1], encoding="utf-8")
    return path


@pytest.fixture
async def peer(module: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    """A homeserver of one's own."""
    monkeypatch.setattr(sys, "path", [str(module.parent), *sys.path])
    monkeypatch.setattr(sys.modules[channel_class(TYPE).__module__], "PAUSE", 0.1)
    platform = Platform(TYPE)
    await platform.server.open()
    yield platform
    await platform.server.close()


class TestMatrix(Contract):
    """Nothing is left out."""

    async def test_gap_is_filled(self, house: House) -> None:
        """What the server leaves out of a timeline is asked for, in order."""
        async with house.open():
            await house.peer.say("ann", "before")
            await house.hears("before")
        texts = [f"message {number}" for number in range(3 * LIMIT + 1)]
        for text in texts:
            await house.peer.say("ann", text)
        async with house.open():
            await house.hears("before", *texts)

    @pytest.mark.parametrize(
        "said",
        [
            {},
            {"msgtype": "m.text"},
            {"msgtype": "m.text", "body": 7},
            {"msgtype": "m.text", "body": ""},
            {"msgtype": "m.text", "body": "x" * 60_000},
            {"msgtype": "m.text", "body": "x", "m.relates_to": "thread"},
            {"msgtype": "m.text", "body": "x", "m.relates_to": {"rel_type": "m.replace"}},
            {"msgtype": "m.file", "body": "x", "url": 7},
        ],
    )
    async def test_strange_event_is_passed_over(self, house: House, peer: Platform, said: Json) -> None:
        """And what comes after it is read."""
        async with house.open():
            await peer.happen("ann", said)
            await peer.say("ann", "after")
            await house.hears("after")

    async def test_file_that_is_gone_is_told_by_its_name(self, house: House, peer: Platform) -> None:
        """The message is not lost with it."""
        async with house.open():
            await peer.happen("ann", {"msgtype": "m.file", "body": "report.pdf", "url": "mxc://example.org/gone"})
            await house.hears("report.pdf")


def test_code_is_as_tidy_as_ours(module: Path) -> None:
    """Ruff finds nothing in it, and would write it the same way."""
    code = module.read_bytes()
    for command in (["check"], ["format", "--check"]):
        ran = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", "channels/acme_matrix.py", "-"],
            check=False,
            cwd=ROOT,
            input=code,
            capture_output=True,
        )
        assert ran.returncode == 0, ran.stdout.decode() + ran.stderr.decode()
