"""The visitors of the web chat, met as the persons of any other channel are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
import jwt

from channels.base import Channel
from channels.webchat import WebChat
from channels.webchat.settings import WebChatSettings
from channels.words import Attachment, Place
from tests.acceptance.customer import Customer
from tests.channels.peer import Fault, Seen


class Pages:
    """Each person has a page open. `base` is set before anybody comes."""

    def __init__(self) -> None:
        self.base = ""
        #: What befalls the next messages of a person: the page's line breaks, or the answer to a message gets lost.
        self.faults: dict[str, list[Fault]] = {}
        self._customers: dict[str, Customer] = {}
        self._open: dict[str, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        self._client = httpx.AsyncClient(timeout=20, trust_env=False, limits=limits)

    @property
    def secrets(self) -> Sequence[str]:
        """The visitors' tokens."""
        return [customer.visitor.token for customer in self._customers.values() if customer.visitor]

    async def close(self) -> None:
        """Every page is closed."""
        await self.outage(on=True)
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._client.aclose()

    def channel(self) -> Channel:
        """One that lets a crowd behind one address write at once."""
        rates = dict.fromkeys(("rate", "address_rate", "address_sessions"), "100000/minute")
        return WebChat("webchat", WebChatSettings.model_validate({"type": "webchat", **rates}))

    def place(self, person: str) -> Place:
        visitor = self._customers[person].visitor
        assert visitor
        claims = jwt.decode(visitor.token, options={"verify_signature": False})
        return Place(account="webchat", handle=claims["sub"])

    async def say(self, person: str, text: str, files: Sequence[Attachment] = ()) -> str:
        """Returns once it is stored."""
        assert not files
        customer = await self._arrived(person)
        fault = self.faults[person].pop(0) if self.faults.get(person) else None
        if fault is Fault.CUT:
            self._shut(person)
            self._show(person)
        await customer.say(text, again=fault is Fault.SILENT)
        return customer.sent[-1][0]

    async def repeat(self, message: str) -> None:
        """It is sent again, as a phone does when the answer got lost."""
        for customer in self._customers.values():
            for event_id, text in customer.sent:
                if event_id == message:
                    await customer.store(event_id, text)

    async def cut(self) -> None:
        """Every page loses its line and opens another."""
        for person in self._customers:
            self._shut(person)
            self._show(person)

    async def outage(self, *, on: bool) -> None:
        """While on, no page has a line."""
        for person in self._customers:
            self._shut(person) if on else self._show(person)

    def seen(self, person: str) -> Sequence[Seen]:
        customer = self._customers.get(person)
        shown = customer.seen.items() if customer else ()
        return [
            Seen(f"{id_}.{part}", said["html"] or said["text"] or "")
            for (id_, part), said in shown
            if said["author"] != "user"
        ]

    async def _arrived(self, person: str) -> Customer:
        if person not in self._customers:
            self._client.base_url = httpx.URL(self.base)
            customer = Customer(len(self._customers), ())
            await customer.arrive(self._client)
            self._customers[person] = customer
            self._show(person)
        return self._customers[person]

    def _show(self, person: str) -> None:
        if person not in self._open:
            self._open[person] = asyncio.create_task(self._customers[person].watch())

    def _shut(self, person: str) -> None:
        if page := self._open.pop(person, None):
            page.cancel()
            self._closing.add(page)
