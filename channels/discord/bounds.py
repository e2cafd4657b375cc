"""How much of a payload is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

#: Characters of a payload's JSON that are kept whole.
LONGEST_RAW = 50_000


def bounded(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The payload as it came; of a huge one what is small, so that a reply can still name it."""
    if len(json.dumps(payload)) <= LONGEST_RAW:
        return payload
    return {key: value for key, value in payload.items() if len(json.dumps(value)) <= LONGEST_RAW // 50}
