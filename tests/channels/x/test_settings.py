from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from channels import channel_class
from channels.x.settings import XSettings
from tests.channels.x.platform import settings
from tests.test_docs import ROW

PAGE = Path(__file__).parents[3] / "docs" / "channels.md"


def test_every_setting_is_documented() -> None:
    """But `type`, which every channel has."""
    table = PAGE.read_text(encoding="utf-8").split("### Settings of an account on X")[1].split("\n## ")[0]
    assert set(ROW.findall(table)) == set(XSettings.model_fields) - {"type"}


def test_registry_knows_it() -> None:
    """The type "x" in config.yaml is this channel."""
    assert channel_class("x").Settings is XSettings


@pytest.mark.parametrize(
    "odd",
    [
        {"dm_seconds": 0},
        {"daily_cents": -1},
        {"daily_posts": -1},
        {"color": "blue"},
        {"proxy": "proxy.example.org:3128"},
    ],
)
def test_odd_settings_are_refused(odd: dict[str, object]) -> None:
    """A pace without a pause, a negative budget, a key nobody knows and a proxy without http:// are mistakes."""
    with pytest.raises(ValidationError):
        settings(**odd)
