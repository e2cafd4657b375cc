"""A host that keeps in memory what it is told: for what the whole core would only hide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from channels.errors import NotStored, Unacceptable
from channels.words import Inbound, Place, Received, StaffMessage, StoredFile, Transcript


@dataclass
class Notes:
    """Stores a mail once by event id. `down` makes the database unreachable, `refusal` is raised for a text."""

    brand: str = "Example Exchange"
    languages: Sequence[str] = ("en", "zh")
    secret: bytes = b"corpus"
    down: bool = False
    refusal: str = ""
    said: list[Inbound] = field(default_factory=list)
    #: Parts that were told not to have arrived, with the reason.
    bounces: list[tuple[str, str]] = field(default_factory=list)
    #: Threads by handle and ticket.
    tickets: dict[tuple[str, str], str] = field(default_factory=dict)
    cursors: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    async def deliver(self, inbound: Inbound) -> Received:
        if self.down:
            raise NotStored("down")
        if self.refusal and self.refusal == inbound.text:
            raise Unacceptable("refused", "refused")
        fresh = inbound.event_id not in {said.event_id for said in self.said}
        if fresh:
            self.said.append(inbound)
        return Received(message_id=len(self.said), fresh=fresh)

    async def transcript(self, place: Place, limit: int = 100) -> Transcript:
        return Transcript()

    async def file(self, place: Place, file_id: int) -> StoredFile | None:
        return None

    async def bounced(self, account: str, key: str, reason: str) -> None:
        if self.down:
            raise NotStored("down")
        self.bounces.append((key, reason))

    async def thread_of_ticket(self, account: str, handle: str, number: str) -> str | None:
        return self.tickets.get((handle, number))

    async def move(self, token: str, place: Place) -> None:
        raise NotImplementedError

    async def cursor(self, account: str) -> str | None:
        return self.cursors.get(account)

    async def staff_said(self, said: StaffMessage) -> None:
        """There is no staff room."""
        raise Unacceptable("bad_request", said.thread)

    async def keep_cursor(self, account: str, value: str) -> None:
        self.cursors[account] = value

    def listening(self, account: str) -> None:
        self.heard.append(account)

    def trouble(self, account: str, reason: str) -> None:
        self.troubles.append(reason)

    @property
    def texts(self) -> list[str]:
        return [said.text for said in self.said]
