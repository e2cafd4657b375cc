"""The web chat as a channel: what is sent to a visitor reaches the visitor's open pages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.routing import BaseRoute

from channels.base import Channel, Host
from channels.webchat.api import Api
from channels.webchat.settings import WebChatSettings
from channels.webchat.streams import Streams
from channels.words import Limits, Markup, Outbound, Place, Sent, Signal


class WebChat(Channel):
    """Visitors of a web page. A page that is closed reads the transcript when it opens again."""

    Settings = WebChatSettings
    limits = Limits(text=None, markup=Markup.HTML, choices=10, files=True, idempotent=True)

    def __init__(self, name: str, settings: WebChatSettings) -> None:
        super().__init__(name, settings)
        self._settings = settings
        self._streams = Streams()

    async def run(self, host: Host) -> None:
        """Until cancelled; then every open page is let go, so that the web server may stop."""
        try:
            await asyncio.Event().wait()
        finally:
            self._streams.close()

    async def send(self, outbound: Outbound) -> Sent:
        self._streams.publish(outbound.place.handle, outbound)
        return Sent(platform_id=outbound.key)

    async def find(self, outbound: Outbound) -> Sent | None:
        """A page shows a key once, so a part may always be sent again."""
        return None

    async def waiting(self, place: Place, text: str) -> None:
        self._streams.wait(place.handle, text)

    async def signal(self, place: Place, signal: Signal) -> None:
        self._streams.publish(place.handle, signal)

    def routes(self, host: Host) -> Sequence[BaseRoute]:
        return Api(self.name, self._settings, host, self._streams).routes()
