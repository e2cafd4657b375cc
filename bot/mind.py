"""Rasa as a turn sees it: there, or worth waiting for, or away."""

from __future__ import annotations

import asyncio

from bot.errors import UnderstandingDown
from bot.metrics import PARSE_SECONDS
from bot.rasa import RasaServer
from bot.settings import Settings
from bot.understanding import Understanding
from bot.understood import Understood

#: Seconds until it is known that Rasa died, after it broke off an answer.
NOTICED = 0.5

#: Texts Rasa is asked about at the same time; more would only wait in Rasa.
AT_ONCE = 32


class Mind:
    """Rasa, ours or another's. While ours is away messages wait for it, until it has been away `patience` seconds."""

    def __init__(self, settings: Settings, server: RasaServer | None) -> None:
        section = settings.understanding
        self.server = server
        self._patience = section.patience_seconds
        self._places = asyncio.Semaphore(AT_ONCE)
        token = section.token.get_secret_value() if section.token else ""
        if server:
            self._client = Understanding(lambda: server.url, server.token, section.timeout_seconds)
        else:
            url = section.url or ""
            self._client = Understanding(lambda: url, token, section.timeout_seconds)

    async def understand(self, text: str) -> Understood:
        """Raises `UnderstandingDown`. A Rasa of ours that dies over the text is asked once more when it is back."""
        if self.server is None:
            return await self._parse(text)
        await self.server.wait_back(self._patience)
        asked = self.server.url
        try:
            return await self._parse(text)
        except UnderstandingDown:
            if not await _is_gone(self.server, asked):
                raise
        await self.server.wait_back(self._patience)
        return await self._parse(text)

    async def _parse(self, text: str) -> Understood:
        async with self._places:
            with PARSE_SECONDS.time():
                return await self._client.parse(text)

    async def fault(self) -> str | None:
        """Why Rasa would not answer now; None where it would."""
        try:
            if self.server:
                await self.server.wait_ready(0)
            await self._client.check()
        except UnderstandingDown as error:
            return str(error)
        return None

    async def close(self) -> None:
        """Lets go of the connections."""
        await self._client.close()


async def _is_gone(server: RasaServer, url: str) -> bool:
    """Whether the process that listened at `url` ended; another may be there already."""
    if server.url != url:
        return True
    try:
        await asyncio.wait_for(server.wait_gone(), NOTICED)
    except TimeoutError:
        return False
    return True
