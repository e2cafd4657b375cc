"""How a ticket stands for its user, and when they can expect to hear of us."""

from __future__ import annotations

from datetime import datetime

from bot.store.tables import Ticket, TicketState


def standing(ticket: Ticket) -> str:
    """The name of the words for where it stands: its state, or "queue" where it was begun and nobody has it."""
    waits = ticket.state is TicketState.OPEN and ticket.assignee is None
    return "queue" if waits else ticket.state.value


def expected(ticket: Ticket) -> datetime | None:
    """Until when an answer is promised, in the past where we are late; None while it is not our turn."""
    if ticket.state not in {TicketState.NEW, TicketState.OPEN}:
        return None
    return ticket.next_response_due_at if ticket.first_response_at else ticket.promised_at
