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
from tests.acceptance.house import House
from tests.channels.email.line import Line
from tests.channels.peer import Fault, Seen


class Pages:
    """Each person has a page open. `open` is called before anybody comes."""

    def __init__(self) -> None:
        #: What befalls the next messages of a person: the answer that they are stored gets lost.
        self.faults: dict[str, list[Fault]] = {}
        self._customers: dict[str, Customer] = {}
        self._pages: list[asyncio.Task[None]] = []
        self._line = Line(0)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        self._client = httpx.AsyncClient(timeout=20, trust_env=False, limits=limits)

    @property
    def secrets(self) -> Sequence[str]:
        """The visitors' tokens."""
        return [customer.visitor.token for customer in self._customers.values() if customer.visitor]

    async def open(self, house: House) -> None:
        """The way to `house`, which can be cut."""
        self._line.target = house.port
        await self._line.start()
        self._client.base_url = httpx.URL(f"http://127.0.0.1:{self._line.port}/channels/webchat/")

    async def close(self) -> None:
        """Every page is closed, and not in the middle of connecting, which leaves sockets behind."""
        for customer in self._customers.values():
            customer.watching = False
        await self._line.close()
        await asyncio.gather(*self._pages)
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
        await customer.say(text, again=fault is Fault.SILENT)
        return customer.sent[-1][0]

    async def repeat(self, message: str) -> None:
        """It is sent again, as a phone does when the answer got lost."""
        for customer in self._customers.values():
            for event_id, text in customer.sent:
                if event_id == message:
                    await customer.store(event_id, text)

    async def cut(self) -> None:
        """Every open line breaks, of pages and under messages; new ones are taken."""
        self._line.cut()

    async def outage(self, *, on: bool) -> None:
        """While on, every line is refused."""
        await (self._line.refuse() if on else self._line.start())

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
            customer = Customer(len(self._customers), ())
            await customer.arrive(self._client)
            self._customers[person] = customer
            self._pages.append(asyncio.create_task(customer.watch()))
        return self._customers[person]
