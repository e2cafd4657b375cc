"""widget.js: the parts in widget/ joined into one script with its style and the texts of every language."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import rcssmin  # type: ignore[import-untyped]  # neither of the two ships type information
import rjsmin  # type: ignore[import-untyped]

HERE = Path(__file__).parent
#: In this order: each part is plain JavaScript, and what it makes while loading uses only the parts before it.
PARTS = ("page.js", "memory.js", "server.js", "messages.js", "view.js", "chat.js")


class Script:
    """The script as served. `etag` changes whenever a byte of it does."""

    def __init__(self) -> None:
        texts = json.loads((HERE / "texts.json").read_text("utf-8"))
        style = rcssmin.cssmin((HERE / "widget" / "widget.css").read_text("utf-8"))
        constants = f"const TEXTS={_literal(texts)},STYLE={_literal(style)};"
        parts = [rjsmin.jsmin((HERE / "widget" / part).read_text("utf-8")) for part in PARTS]
        self.body = "\n".join(["(()=>{'use strict';", constants, *parts, "})();\n"]).encode()
        self.etag = f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
