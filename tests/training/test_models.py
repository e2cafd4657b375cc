from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Refused
from bot.training.models import named


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Two models, and something else."""
    for name in ("abc1.tar.gz", "abd2.tar.gz", "abc1.tar.gz.corrupt"):
        (tmp_path / name).touch()
    return tmp_path


def test_a_model_is_found_by_the_head_of_its_fingerprint(models: Path) -> None:
    """As much of it as tells it from the others."""
    assert named(models, "abc") == models / "abc1.tar.gz"


@pytest.mark.parametrize(("name", "count"), [("ab", "2"), ("x", "no"), ("*c", "no")])
def test_a_name_that_is_not_one_model_is_refused(models: Path, name: str, count: str) -> None:
    """With the models there are; a name is no pattern."""
    with pytest.raises(Refused, match=rf"^{count} models .*there are: abc1\.tar\.gz, abd2"):
        named(models, name)


def test_without_models_it_says_so(tmp_path: Path) -> None:
    """Nor need the folder exist."""
    with pytest.raises(Refused, match="there are: none"):
        named(tmp_path / "none", "a")
