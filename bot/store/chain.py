"""Chains of lines: each carries a digest of the one before, so that none can be changed or taken out unnoticed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any


def link(previous: str, at: datetime, actor: str, kind: str, detail: Mapping[str, Any], *about: int | str) -> str:
    """The digest, sha256 in hex, of a line that follows the one whose digest is `previous`, "" for the first.

    `about` are the ids the line belongs to. Times count by the microsecond in UTC, as every database keeps them.
    """
    line = [previous, *about, at.astimezone(UTC).isoformat(timespec="microseconds"), actor, kind, detail]
    said = json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(said.encode()).hexdigest()
