"""What reports are made of besides talks, read over indexes: tickets, and what the bot answered and could not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import select as select_row
from sqlmodel import Session, SQLModel, col, func, select

from bot.store.rating_tables import Rating
from bot.store.rows import CONVERSATION
from bot.store.tables import IS_SAID, Conversation, Message, Ticket, TicketConversation
from bot.store.ticketing import OVER
from channels.words import Author

TICKET = SQLModel.metadata.tables["ticket"]

#: Characters of a message that stand for it.
EXAMPLE = 200


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the desk's time zone, from its first instant to that of the next."""

    date: date
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which days, and what of them; empty stands for all.

    `after` are days behind them in which an answer still counts. `intents` are those of `category`: talks belong to it
    where the user was understood to mean one of them.
    """

    days: Sequence[Day]
    after: Sequence[Day] = ()
    channel: str = ""
    language: str = ""
    category: str = ""
    team: str = ""
    intents: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """What reports know of a ticket. `channel`: of the conversation it was opened for."""

    created_at: datetime
    channel: str
    language: str
    category: str
    priority: str
    team: str
    over: bool
    assignee: str | None
    sla: str
    #: What the user was told first, and whether it held, once that is known.
    promised_at: datetime
    promise_kept: bool | None
    first_response_at: datetime | None
    solved_at: datetime | None
    due_at: datetime | None
    breached_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rated:
    """What a user said of a ticket: from 1, very bad, to 5, very good. `agent`: who had it when it was solved."""

    score: int
    channel: str
    agent: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A ticket the bot opened because it was not sure, or its answer did not help.

    `intent`: what the user was likely to mean, "" where nothing was understood; `said`: the beginning of their message.
    """

    number: str
    reason: str
    intent: str
    said: str


def answers(session: Session, wanted: Wanted) -> dict[str, int]:
    """How many approved answers the bot gave on the wanted days, by intent."""
    query = (
        select(Message.intent, func.count())
        .where(
            *_within(wanted, Message.created_at),
            IS_SAID,
            Message.author == Author.BOT,
            col(Message.intent).is_not(None),
        )
        .group_by(Message.intent)
    )
    if wanted.channel or wanted.language:
        query = query.join(Conversation, col(Message.conversation_id) == Conversation.id).where(
            *of_conversation(wanted)
        )
    if wanted.category:
        query = query.where(col(Message.intent).in_(wanted.intents))
    return {intent: count for intent, count in session.exec(query) if intent}


def tickets(session: Session, wanted: Wanted) -> list[TicketFacts]:
    """Tickets opened on the wanted days, but those that go on as another."""
    found: dict[str, ColumnElement[Any]] = {
        "channel": _channel(),
        "over": col(Ticket.state).in_(OVER),
        "promised_at": func.coalesce(Ticket.first_promised_at, Ticket.promised_at),
    }
    columns = [found[name] if name in found else TICKET.c[name] for name in TicketFacts.__dataclass_fields__]
    return [TicketFacts(*row) for row in session.execute(select_row(*columns).where(*_opened(wanted)))]


def unanswered(session: Session, wanted: Wanted) -> list[Unanswered]:
    """Tickets of the wanted days that the bot opened for want of an answer, newest first."""
    last = (
        select(Message.id)
        .join(TicketConversation, col(TicketConversation.conversation_id) == Message.conversation_id)
        .where(
            TicketConversation.ticket_id == Ticket.id,
            Message.author == Author.USER,
            col(Message.created_at) <= Ticket.created_at,
            col(Message.intent).is_not(None),
        )
        .order_by(col(Message.id).desc())
        .limit(1)
        .correlate(Ticket)
        .scalar_subquery()
    )
    query = (
        select(Ticket.number, Ticket.reason, Message.intent, func.substr(Message.text, 1, EXAMPLE))
        .join(Message, col(Message.id) == last, isouter=True)
        .where(*_opened(wanted), col(Ticket.reason).in_(("unsure", "unhelpful")))
        .order_by(col(Ticket.id).desc())
    )
    return [Unanswered(number, why, intent or "", said or "") for number, why, intent, said in session.exec(query)]


def ratings(session: Session, wanted: Wanted) -> list[Rated]:
    """What users said on the wanted days, whenever they were asked."""
    query = select(Rating.score, Rating.channel, Rating.agent).join(Ticket, col(Ticket.id) == Rating.ticket_id)
    named = {Rating.channel: wanted.channel, **_named(wanted)}
    asked = [col(place) == value for place, value in named.items() if value]
    rows = session.exec(query.where(*_within(wanted, col(Rating.at)), *asked).order_by(col(Rating.at)))
    return [Rated(score, channel, agent) for score, channel, agent in rows if score is not None]


def first_message_at(session: Session) -> datetime | None:
    """When the oldest message there is was stored; None where there is none."""
    return session.exec(select(Message.created_at).order_by(col(Message.id)).limit(1)).first()


def of_conversation(wanted: Wanted) -> list[ColumnElement[bool]]:
    """What is wanted of a conversation."""
    named = {"channel": wanted.channel, "language": wanted.language}
    return [CONVERSATION.c[name] == value for name, value in named.items() if value]


def _within(wanted: Wanted, at: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(at) >= wanted.days[0].starts, col(at) < wanted.days[-1].ends


def _opened(wanted: Wanted) -> list[ColumnElement[bool]]:
    asked = [col(place) == value for place, value in _named(wanted).items() if value]
    asked += [_channel() == wanted.channel] if wanted.channel else []
    return [*_within(wanted, Ticket.created_at), col(Ticket.merged_into_id).is_(None), *asked]


def _named(wanted: Wanted) -> dict[Any, str]:
    return {Ticket.language: wanted.language, Ticket.category: wanted.category, Ticket.team: wanted.team}


def _channel() -> ColumnElement[str]:
    return (
        select(Conversation.channel)
        .join(TicketConversation, col(TicketConversation.conversation_id) == Conversation.id)
        .where(TicketConversation.ticket_id == Ticket.id)
        .order_by(col(TicketConversation.conversation_id))
        .limit(1)
        .correlate(Ticket)
        .scalar_subquery()
    )
