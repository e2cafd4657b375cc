"""How X itself counts a post, by twitter-text-parser."""

from __future__ import annotations

import sys
from importlib.resources import files
from types import ModuleType

# It reads its list of emoji through pkg_resources, which setuptools no longer brings.
_stub = ModuleType("pkg_resources")
_stub.resource_string = lambda module, name: files(module.rpartition(".")[0]).joinpath(name).read_bytes()  # type: ignore[attr-defined]  # what the library calls
sys.modules.setdefault("pkg_resources", _stub)

from twitter_text import parse_tweet  # type: ignore[import-untyped]  # noqa: E402 - needs the above; it has no types


def counted(text: str) -> int:
    """The weighted length of a post."""
    return int(parse_tweet(text).weightedLength)
