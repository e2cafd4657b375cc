from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Refused
from bot.training.live import MOST, Live


@pytest.fixture
def live(tmp_path: Path) -> Live:
    """Three models, none chosen."""
    found = Live(tmp_path)
    for name in ("aa1", "aa2", "bb1"):
        found.path(name).write_bytes(b"")
    return found


def test_nothing_is_live_before_somebody_chose(live: Live) -> None:
    """Then the model of the data is wanted, and there is no way back."""
    assert live.chosen() is None
    assert live.wanted("bb1") == live.path("bb1")
    with pytest.raises(Refused, match="model list"):
        live.before()


def test_the_last_choice_counts_while_the_data_stays(live: Live) -> None:
    """A rollback is not undone by a restart; new data asks for its own model."""
    live.choose("aa1", "aa1")
    live.choose("aa2", "aa2")
    live.choose(live.before().model, "aa2")
    assert live.wanted("aa2") == live.path("aa1")
    assert live.wanted("bb1") == live.path("bb1")


def test_the_way_back_skips_what_is_gone_and_what_is_live(live: Live) -> None:
    """The model before is another one that still exists; back twice is forth again."""
    for name in ("bb1", "aa1", "aa2", "aa2"):
        live.choose(name, "data")
    live.path("aa1").unlink()
    assert live.before().model == "bb1"
    live.choose("bb1", "data")
    assert live.before().model == "aa2"


def test_a_model_is_named_by_its_beginning(live: Live) -> None:
    """As long as only one begins so."""
    assert live.named("b") == "bb1"
    for beginning, count in (("aa", 2), ("c", 0)):
        with pytest.raises(Refused, match=f"{count} models begin"):
            live.named(beginning)


def test_a_damaged_history_is_named(live: Live, tmp_path: Path) -> None:
    """The error says which file to remove."""
    (tmp_path / "live.json").write_text("{")
    with pytest.raises(Refused, match=r"live\.json is damaged"):
        live.chosen()


def test_the_history_is_bounded(live: Live) -> None:
    """However often somebody chooses, the file stays small."""
    for _ in range(MOST + 5):
        live.choose("aa1", "data")
    assert len(live.history()) == MOST
