"""When a user can expect to hear of us."""

from __future__ import annotations

from datetime import datetime

from bot.store.tables import Ticket, TicketState


def expected(ticket: Ticket) -> datetime | None:
    """Until when an answer is promised, in the past where we are late; None while it is not our turn."""
    if ticket.state not in {TicketState.NEW, TicketState.OPEN}:
        return None
    return ticket.next_response_due_at if ticket.first_response_at else ticket.promised_at
