"""A server of LibreTranslate's API that knows two sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

KNOWN = {("提现一直没到账", "en"): "My withdrawal has still not arrived", ("One moment.", "zh"): "请稍等。"}


@dataclass
class LibreTranslate:
    """As its documentation has it: JSON in, `translatedText` out, 400 and `error` for what it cannot do."""

    asked: list[dict[str, Any]] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/translate", self._translate, methods=["POST"])])

    async def _translate(self, request: Request) -> JSONResponse:
        body = await request.json()
        self.asked.append(body)
        if body.get("api_key") != "key-1":
            return JSONResponse({"error": "Invalid API key"}, 403)
        found = KNOWN.get((body["q"], body["target"]))
        return JSONResponse({"translatedText": found} if found else {"error": "unsupported"}, 200 if found else 400)
