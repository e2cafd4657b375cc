"""What the pages say is what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from bot.section import Section
from bot.settings import Settings
from channels import channel_class, registry
from channels.table import table

ROOT = Path(__file__).parent.parent
KEYS = re.compile(r"^\| (`[a-z_`, ]+`) \|", re.MULTILINE)
NAME = re.compile(r"`([a-z_]+)`")
ROW = re.compile(r"^\| `([a-z_.]+)` \|", re.MULTILINE)


def keys(model: type[BaseModel], under: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind_or_several: Any = field.annotation
        kinds = get_args(kind_or_several) if isinstance(kind_or_several, UnionType) else (kind_or_several,)
        sections = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)]
        for section in sections:
            yield from keys(section, f"{under}{name}.")
        if not sections:
            yield under + name


def test_every_setting_is_documented() -> None:
    """The operator's table has each key of config.yaml, and no other."""
    page = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8").split("<!-- settings:")[1].split("\n## ")[0]
    assert set(ROW.findall(page)) == set(keys(Settings))


@pytest.mark.parametrize("name", sorted(registry.keys() - {"memory"}))
def test_every_setting_of_a_channel_is_documented(name: str) -> None:
    """But `type`, which every channel has."""
    kind = channel_class(name)
    tables = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8").split("### Settings")[1:]
    rows = [{key for row in KEYS.findall(table.split("\n## ")[0]) for key in NAME.findall(row)} for table in tables]
    assert set(kind.Settings.model_fields) - {"type"} in rows


def test_table_of_channels_is_what_they_declare() -> None:
    """`python -m channels.table` prints it."""
    page = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")
    assert page.split("channels.table -->\n")[1].split("\n<!-- end")[0] == table()


def test_every_link_leads_somewhere() -> None:
    """Relative links and pictures of all pages."""
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
