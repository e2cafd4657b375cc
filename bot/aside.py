"""What a conversation may draw on besides what the company has approved."""

from __future__ import annotations

from dataclasses import dataclass

from bot.callbacks.booking import Booking
from bot.links import Links
from bot.routing.places import Places
from bot.ticket_page.links import TicketLinks


@dataclass(frozen=True, slots=True)
class Aside:
    """Each is None where nobody is told of it."""

    #: From public places to the web chat.
    links: Links | None = None
    #: Where somebody stands in the queue.
    places: Places | None = None
    #: Calls.
    booking: Booking | None = None
    #: The page of a ticket.
    pages: TicketLinks | None = None
