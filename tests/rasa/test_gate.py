"""`frontdesk train` beside a live model, with the real Rasa."""

from __future__ import annotations

from pathlib import Path

from bot.training.live import Live
from bot.training.models import fingerprint
from tests.rasa.process import frontdesk


def test_a_worse_model_stays_out_unless_forced(desk: Path) -> None:
    """What it lost is named with its questions, what was live stays so, and there is a way back from force."""
    good, data = fingerprint(desk / "intents"), desk / "intents" / "data" / "nlu.yml"
    live = Live(desk / "var" / "models")
    live.choose(good, good)
    whole = data.read_text(encoding="utf-8")
    data.write_text(whole.replace("- 转人工\n", "- 人\n").replace("我要找人工客服", "找人"), encoding="utf-8")
    data.write_text(data.read_text(encoding="utf-8").replace("- 早上好\n", "- 人工客服\n    - 转人工客服\n"), "utf-8")
    worse = fingerprint(desk / "intents")

    refused = frontdesk("train", status=1)
    for said in ("human", "转人工客服", "--force"):
        assert said in refused
    assert live.wanted(worse) == live.path(good)

    frontdesk("train", "--force")
    assert live.wanted(worse) == live.path(worse)
    listed = frontdesk("model", "list")
    assert good[:12] in listed
    assert worse[:12] in listed
    frontdesk("model", "rollback")
    assert live.wanted(worse) == live.path(good)
    frontdesk("model", "use", worse[:6])
    assert live.wanted(worse) == live.path(worse)


def test_a_damaged_model_is_not_used(desk: Path) -> None:
    """The error names the file; nothing is chosen."""
    (desk / "var" / "models" / "broken.tar.gz").write_bytes(b"no model")
    assert "broken.tar.gz is damaged" in frontdesk("model", "use", "broken", status=1)
    assert Live(desk / "var" / "models").chosen() is None
