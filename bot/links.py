"""One-time links from a public place to the web chat.

A token is an id and a signature of it. What is kept of a message has the id alone; the signature is put behind it when
the message is sent, so that neither the database nor whoever reads a ticket can open the link.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256

from bot.dialogue import Dialogue
from bot.settings import Web
from bot.store.links import Offer
from channels.base import Channel

#: Bytes of the id and of the signature; in hex the two together are 64 characters.
HALF = 16

#: The type of the channels that have such a page, and where the page is.
CHAT, PAGE = "webchat", "private/"


class Links:
    """Makes and completes the links to the first web chat of `channels`; `key` is Frontdesk's own secret."""

    def __init__(self, key: bytes, web: Web, channels: Mapping[str, Channel]) -> None:
        chats = [name for name, channel in channels.items() if channel.settings.type == CHAT]
        self._page = f"{web.public_url}/channels/{chats[0]}/{PAGE}#" if web.public_url and chats else ""
        self._key = hmac.digest(key, b"\0links", "sha256")
        self._halves = re.compile(re.escape(self._page) + rf"([0-9a-f]{{{2 * HALF}}})(?![0-9a-f])")
        #: Hours a link can be opened.
        self.hours = web.link_hours

    @property
    def possible(self) -> bool:
        """There is a web chat, and an address under which people reach it."""
        return bool(self._page)

    def offer(self, memory: Dialogue) -> tuple[str, Offer]:
        """A link as a message is kept with it, and what is kept of the link."""
        id_ = secrets.token_hex(HALF)
        offered = Offer(digest(self._token(id_)), memory.model_dump(exclude_defaults=True), timedelta(hours=self.hours))
        return self._page + id_, offered

    def whole(self, text: str) -> str:
        """The text of a message of the bot with its link completed, the same at every call."""
        return self._halves.sub(lambda match: self._page + self._token(match[1]), text) if self._page else text

    def _token(self, id_: str) -> str:
        return id_ + hmac.digest(self._key, id_.encode(), "sha256")[:HALF].hex()


def digest(token: str) -> str:
    """What is kept of a token."""
    return sha256(token.encode()).hexdigest()
