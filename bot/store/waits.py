"""Who waits where, and how long others waited: what people in the queue are told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as select_row
from sqlmodel import Session, col, select

from bot.store.routing import OURS
from bot.store.rows import Found
from bot.store.tables import Address, Contact, Conversation, Ticket, TicketConversation
from channels.words import Owner, Place

#: A team and a priority.
Kind = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Answered:
    """A ticket that got its first answer of a human."""

    created_at: datetime
    answered_at: datetime
    agent: str
    category: str
    tier: str


@dataclass(frozen=True, slots=True)
class Crowd:
    """Tickets in the queue that are alike to routing."""

    tier: str
    priority: str
    team: str
    category: str
    language: str
    count: int


@dataclass(frozen=True, slots=True)
class Onlooker:
    """A conversation in the queue."""

    conversation_id: int
    channel: str
    place: Place
    language: str | None
    number: str


def answered(session: Session, kinds: Collection[Kind], limit: int) -> dict[Kind, list[Answered]]:
    """The tickets of each team and priority that were answered last."""
    return {kind: _answered(session, *kind, limit) for kind in kinds}


def crowd(session: Session) -> list[Crowd]:
    """How many tickets of each sort wait for a human."""
    sort: list[Any] = [Ticket.tier, Ticket.priority, Ticket.team, Ticket.category, Ticket.language]
    in_queue = (
        select(TicketConversation.ticket_id)
        .join(Conversation, col(TicketConversation.conversation_id) == Conversation.id)
        .where(TicketConversation.ticket_id == Ticket.id, Conversation.owner == Owner.QUEUE)
        .exists()
    )
    rows: Iterable[Found] = session.connection().execute(
        select_row(*sort, func.count())
        .where(col(Ticket.state).in_(OURS), col(Ticket.assignee).is_(None), in_queue)
        .group_by(*sort)
    )
    return [Crowd(*row) for row in rows]


def person_of(session: Session, conversation_id: int) -> tuple[str, Mapping[str, Any]]:
    """Tier and attributes of who writes there."""
    return session.exec(
        select(Contact.tier, Contact.attributes)
        .join(Address, col(Address.contact_id) == Contact.id)
        .join(Conversation, col(Conversation.address_id) == Address.id)
        .where(Conversation.id == conversation_id)
    ).one()


def onlookers(session: Session, channels: Collection[str]) -> list[Onlooker]:
    """Where on `channels` people wait for a human."""
    rows = session.exec(
        select(Conversation, Address.handle, Ticket.number)
        .join(Address, col(Conversation.address_id) == Address.id)
        .join(TicketConversation, col(TicketConversation.conversation_id) == Conversation.id)
        .join(Ticket, col(Ticket.id) == TicketConversation.ticket_id)
        .where(
            col(Ticket.state).in_(OURS),
            col(Ticket.assignee).is_(None),
            col(Conversation.channel).in_(channels),
            Conversation.owner == Owner.QUEUE,
        )
    )
    return [_onlooker(talk, handle, number) for talk, handle, number in rows]


def _answered(session: Session, team: str, priority: str, limit: int) -> list[Answered]:
    rows = session.exec(
        select(Ticket)
        .where(Ticket.team == team, Ticket.priority == priority, col(Ticket.first_response_at).is_not(None))
        .order_by(col(Ticket.first_response_at).desc())
        .limit(limit)
    )
    return [
        Answered(one.created_at, one.first_response_at, one.assignee or "", one.category, one.tier)
        for one in rows
        if one.first_response_at
    ]


def _onlooker(talk: Conversation, handle: str, number: str) -> Onlooker:
    place = Place(account=talk.account, handle=handle, thread=talk.thread, public=talk.public)
    return Onlooker(talk.id, talk.channel, place, talk.language, number)
