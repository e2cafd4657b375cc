"""Signed links to the page of a ticket.

A token names the ticket, the conversation it was given in, how often links to the ticket were revoked before, and the
hour it ends; a signature stands behind that. What is kept of a message has the token without its signature, which is
put there when the message is sent: neither the database nor whoever reads a ticket can open the page as the user.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.outside_sections import TicketPageSection

#: Where the page is, below the public address.
PATH = "tickets"

#: Bytes of the signature.
SIGNATURE = 16

HOUR = 3600

_HALF = r"([0-9a-f]{1,10}(?:-[0-9a-f]{1,10}){3})"
_TOKEN = re.compile(rf"{_HALF}-([0-9a-f]{{{2 * SIGNATURE}}})")


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link is about. Whoever has it was given it in that conversation."""

    ticket_id: int
    conversation_id: int
    version: int


class TicketLinks:
    """Makes and reads them; `key` is Frontdesk's own secret, `public_url` None where nobody reaches the page."""

    def __init__(self, key: bytes, public_url: str | None, settings: TicketPageSection) -> None:
        self._key = hmac.digest(key, b"\0ticket page", "sha256")
        self._page = f"{public_url}/{PATH}/" if public_url else ""
        self._life = timedelta(days=settings.link_days)
        self._not_on = settings.not_on
        self._halves = re.compile(re.escape(self._page) + _HALF + r"(?![0-9a-f-])")

    def given(self, channel_type: str, *, public: bool) -> bool:
        """Whether a link is given there: never where strangers read along."""
        return bool(self._page) and not public and channel_type not in self._not_on

    def half(self, opened: Opened, now: datetime) -> str:
        """A link as a message is kept with it."""
        ends = int((now + self._life).timestamp() // HOUR) + 1
        return self._page + "-".join(
            f"{number:x}" for number in (opened.ticket_id, opened.conversation_id, opened.version, ends)
        )

    def whole(self, text: str) -> str:
        """The text with its links completed, the same at every call."""
        return self._halves.sub(lambda found: f"{self._page}{self.token(found[1])}", text) if self._page else text

    def without(self, text: str) -> str:
        """The text without the paragraphs that hold a link: on the page itself it leads nowhere."""
        if not self._page:
            return text
        return "\n\n".join(part for part in text.split("\n\n") if not self._halves.search(part))

    def token(self, half: str) -> str:
        """What stands behind the address of the page."""
        return f"{half}-{hmac.digest(self._key, half.encode(), 'sha256')[:SIGNATURE].hex()}"

    def read(self, token: str, now: datetime) -> Opened | None:
        """What the token is about; None for one that was never given or has ended."""
        found = _TOKEN.fullmatch(token)
        if found is None or not hmac.compare_digest(self.token(found[1]), token):
            return None
        ticket, conversation, version, ends = (int(number, 16) for number in found[1].split("-"))
        return Opened(ticket, conversation, version) if now.timestamp() < ends * HOUR else None
