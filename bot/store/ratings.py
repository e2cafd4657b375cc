"""Asking how it was, once for a ticket, and the answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists
from sqlmodel import Session, col, select

from bot.errors import Refused
from bot.store.pages import to_humans
from bot.store.rating_tables import Rating
from bot.store.rows import add_message
from bot.store.tables import (
    Conversation,
    Message,
    MessageState,
    Ticket,
    TicketConversation,
    TicketState,
)
from bot.store.ticketing import add_event
from channels.words import Author, Choice, Owner

#: A ticket with this tag is nobody's to ask about.
SPAM = "spam"

#: Where a ticket has one of the others it is solved. Asked for that alone, SQLite would look up all that are, not those
#: of the time.
NOT_SOLVED = tuple(state for state in TicketState if state is not TicketState.SOLVED)

#: Characters of a comment.
LONGEST_COMMENT = 2000


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the answers that can be pressed."""

    text: str
    language: str
    choices: Sequence[Choice]


#: The question about the ticket of that id, in the language of its conversation.
Ask = Callable[[int, str | None], Question]


@dataclass(frozen=True, slots=True)
class Rated:
    """What a user said of a ticket: a score of 1 to 5, a comment, or both. "" is no comment."""

    ticket_id: int
    score: int | None = None
    comment: str = ""
    #: The score is so low that the ticket is to be open again.
    reopens: bool = False


def candidates(
    session: Session, channels: Collection[str], since: datetime, until: datetime, limit: int
) -> Sequence[int]:
    """Ids of tickets solved between the two about which nothing was decided yet, longest solved first."""
    decided = exists().where(col(Rating.ticket_id) == Ticket.id)
    here = exists().where(
        col(TicketConversation.ticket_id) == Ticket.id,
        col(TicketConversation.conversation_id) == Conversation.id,
        col(Conversation.channel).in_(channels),
    )
    return session.exec(
        select(Ticket.id)
        .where(
            col(Ticket.state).not_in(NOT_SOLVED),
            col(Ticket.solved_at) >= since,
            col(Ticket.solved_at) <= until,
            ~decided,
            here,
        )
        .order_by(col(Ticket.solved_at))
        .limit(limit)
    ).all()


def ask(session: Session, ticket_id: int, question: Ask, now: datetime) -> bool:
    """Asks the ticket's user where they were told that it is solved, or decides never to; whether it was asked.

    It is not asked in public, of who heard no human, of who has gone on writing, of what was merged or is spam.
    """
    conversation = _told_in(session, ticket_id)
    ticket = session.get_one(Ticket, ticket_id, with_for_update=True)
    if session.get(Rating, ticket_id) or ticket.state is not TicketState.SOLVED:
        return False
    asked = _may_be_asked(session, ticket, conversation)
    session.add(
        Rating(
            ticket_id=ticket_id,
            conversation_id=conversation.id,
            channel=conversation.channel,
            agent=ticket.assignee or "",
            asked_at=now if asked else None,
        )
    )
    if asked:
        _queue(session, conversation, question(ticket_id, conversation.language), now)
        conversation.dialogue = {**conversation.dialogue, "rating": ticket_id}
    return asked


def rate(session: Session, rated: Rated, now: datetime) -> None:
    """Keeps what was said; the ticket tells of a score, and a low one may reopen it. The last score counts.

    Whoever calls holds the conversation, and has seen that the user was asked there.
    """
    row = session.get(Rating, rated.ticket_id, with_for_update=True)
    if row is None:
        return
    row.comment = rated.comment[:LONGEST_COMMENT] or row.comment
    if rated.score is None or rated.score == row.score:
        return
    row.score, row.at = rated.score, now
    ticket = session.get_one(Ticket, rated.ticket_id)
    add_event(session, ticket, "user", "rated", now, score=rated.score)
    if rated.reopens and ticket.state is TicketState.SOLVED:
        _reopen(session, ticket, row, now)


def rating_of(session: Session, ticket_id: int) -> Rating | None:
    """What the ticket's user said; None where nothing was."""
    row = session.get(Rating, ticket_id)
    return row if row and row.score is not None else None


def ratings(session: Session, since: datetime, until: datetime) -> Sequence[Rating]:
    """The answers given from `since` on and before `until`, oldest first."""
    return session.exec(
        select(Rating)
        .where(col(Rating.at) >= since, col(Rating.at) < until)
        .order_by(col(Rating.at), col(Rating.ticket_id))
    ).all()


def asked(session: Session, since: datetime, until: datetime) -> int:
    """How many were asked in that time, answered or not."""
    rows = select(Rating.ticket_id).where(col(Rating.asked_at) >= since, col(Rating.asked_at) < until)
    return len(session.exec(rows).all())


def _reopen(session: Session, ticket: Ticket, row: Rating, now: datetime) -> None:
    try:
        to_humans(session, ticket.id, row.conversation_id, now)
    except Refused:
        # Another ticket goes on in the conversation: humans are there already.
        return


def _told_in(session: Session, ticket_id: int) -> Conversation:
    return session.exec(
        select(Conversation)
        .join(TicketConversation)
        .where(TicketConversation.ticket_id == ticket_id)
        .order_by(col(Conversation.id).desc())
        .limit(1)
        .with_for_update(of=Conversation)
    ).one()


def _may_be_asked(session: Session, ticket: Ticket, conversation: Conversation) -> bool:
    if ticket.merged_into_id or SPAM in ticket.tags or not ticket.first_response_at:
        return False
    if conversation.public or conversation.owner is not Owner.BOT or conversation.ready_at:
        return False
    since = select(Message.id).where(
        Message.conversation_id == conversation.id,
        Message.author == Author.USER,
        col(Message.created_at) > ticket.solved_at,
    )
    return session.exec(since.limit(1)).first() is None


def _queue(session: Session, conversation: Conversation, question: Question, now: datetime) -> None:
    add_message(
        session,
        conversation_id=conversation.id,
        channel=conversation.channel,
        account=conversation.account,
        author=Author.BOT,
        state=MessageState.QUEUED,
        text=question.text,
        language=question.language,
        choices=[{"title": choice.title, "payload": choice.payload} for choice in question.choices],
        epoch=conversation.epoch,
        due_at=now,
        created_at=now,
    )
