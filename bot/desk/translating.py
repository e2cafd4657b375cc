"""What users and agents say, in each other's language, where a translator is configured.

Any server of LibreTranslate's API will do; text goes there and nowhere else, and only when an agent asks for it.
"""

from __future__ import annotations

from typing import Annotated, Any

import httpx
import structlog
from fastapi import APIRouter, Form

from bot.access.guard import SignedIn
from bot.access.settings import Translator
from bot.desk.parts import Parts
from bot.errors import Refused
from bot.store import reading
from bot.tickets import LONGEST_TEXT

log = structlog.get_logger()

#: Characters of an answer that are read.
LONGEST_ANSWER = 4 * LONGEST_TEXT

Typed = Annotated[str, Form(max_length=LONGEST_TEXT)]
Short = Annotated[str, Form(max_length=40)]


async def translated(translator: Translator, text: str, to: str) -> str:
    """`text` in the language `to`. Raises `Refused` where the translator, which has an address, gives no answer."""
    asked: dict[str, Any] = {"q": text, "source": "auto", "target": to, "format": "text"}
    if translator.key:
        asked["api_key"] = translator.key.get_secret_value()
    try:
        async with httpx.AsyncClient(timeout=translator.timeout_seconds, trust_env=False) as client:
            answer = await client.post(f"{(translator.url or '').rstrip('/')}/translate", json=asked)
            answer.raise_for_status()
            return str(answer.json()["translatedText"])[:LONGEST_ANSWER]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        log.warning("not_translated", to=to, reason=type(error).__name__)
        raise Refused("the translator gives no answer") from error


def routes(parts: Parts) -> APIRouter:
    """Translations of an answer before it is sent, and of a message of a ticket."""
    desk = APIRouter(prefix="/desk", include_in_schema=False)
    translator = parts.settings.desk.translator
    if not translator.url:
        return desk

    @desk.post("/translate")
    async def translate(_: SignedIn, text: Typed, to: Short) -> dict[str, str]:
        return {"text": await translated(translator, text, to)}

    @desk.post("/tickets/{number}/translate")
    async def translate_message(agent: SignedIn, number: str, message: Annotated[int, Form(ge=1)]) -> dict[str, str]:
        said = await parts.database.run(reading.original, number, message)
        return {"text": await translated(translator, said.text[:LONGEST_TEXT], agent.language)}

    return desk
